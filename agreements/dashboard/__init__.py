"""The state of each paper, and the overview of a volume."""
