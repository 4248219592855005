"""Real workers, killed at random, and an SMTP server whose log is the judge. ``python -m tests.crash --help``."""
