"""Helpers for requests: languages, rate limits, byte ranges, redaction."""
