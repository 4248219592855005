"""A mailbox to read and simulated authors who answer. Only `make demo` uses them."""
