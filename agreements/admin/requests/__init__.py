"""The queues of requests."""
