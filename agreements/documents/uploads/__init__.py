"""Inspect uploaded files in a sandboxed child process."""
