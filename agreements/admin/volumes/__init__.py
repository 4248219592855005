"""One volume's pages."""
