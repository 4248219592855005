"""Files that come in: inspected, checked, kept."""
