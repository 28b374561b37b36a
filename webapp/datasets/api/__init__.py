"""The REST API of uploads, datasets and versions."""
