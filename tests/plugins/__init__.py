"""Plug-ins of pytest for the whole suite."""
