"""Requests of authors and editors after the issue."""
