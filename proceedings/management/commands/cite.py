"""The former name of `citations`."""

from proceedings.management.commands import citations


class Command(citations.Command):
    hidden_alias = True
