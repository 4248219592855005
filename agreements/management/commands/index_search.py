"""The former name of `create_search_indexes`."""

from agreements.management.commands import create_search_indexes


class Command(create_search_indexes.Command):
    hidden_alias = True
