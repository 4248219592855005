"""Who is due a reminder, when, and the checks that the rules are kept."""
