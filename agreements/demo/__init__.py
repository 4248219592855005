"""What `make demo` needs and production never runs: a mailbox to look into and authors who answer."""
