"""What authors and editors ask of each other after the issue."""
