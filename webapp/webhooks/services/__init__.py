"""A lab's webhook, what is due to it, and sending that."""
