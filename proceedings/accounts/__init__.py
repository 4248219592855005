"""Staff login and permissions."""
