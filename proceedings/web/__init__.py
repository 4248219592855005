"""What every request needs."""
