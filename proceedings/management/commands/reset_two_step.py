"""The former name of `reset_two_factor`."""

from proceedings.management.commands import reset_two_factor


class Command(reset_two_factor.Command):
    hidden_alias = True
