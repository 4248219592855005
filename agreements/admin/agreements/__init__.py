"""One agreement's page and its actions."""
