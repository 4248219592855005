"""Documents and records: render, seal, store and verify them."""
