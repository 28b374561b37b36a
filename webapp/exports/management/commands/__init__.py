"""The main job at the command line."""
