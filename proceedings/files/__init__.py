"""Uploaded files: inspected, checked, stored."""
