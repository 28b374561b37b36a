"""Writes to exports: `building` makes them, `card` and `provenance` are the texts that lie beside the images."""
