"""Where each paper stands, on one page."""
