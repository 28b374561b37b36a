"""What labs store, and who works for the service."""
