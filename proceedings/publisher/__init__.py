"""The publisher's rules, as functions that return findings. Pure."""
