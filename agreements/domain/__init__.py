"""The rules of an agreement as plain data and functions. Standard library only."""
