"""What is shown, sealed, kept and verified."""
