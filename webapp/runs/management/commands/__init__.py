"""The demo that a newcomer finds."""
