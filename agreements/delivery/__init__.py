"""What the publisher gets."""
