"""How staff log in, and what they may see."""
