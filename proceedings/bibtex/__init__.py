"""Converts BibTeX and names to plain records, and back. Pure."""
