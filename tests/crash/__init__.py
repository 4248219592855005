"""Kills real workers at random and compares the SMTP log with the database. ``python -m tests.crash --help``."""
