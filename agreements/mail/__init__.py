"""The outbox, and every email that leaves or comes back."""
