"""The public package of a volume."""
