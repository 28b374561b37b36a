"""Reads of the gallery: `pools` and their selections, `samples`, and their `pixels`."""
