"""Mutation testing: small changes to the risky modules, each of which some test must notice. See `make mutants`."""
