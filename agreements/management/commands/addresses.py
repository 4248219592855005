"""The former name of `email_addresses`."""

from agreements.management.commands import email_addresses


class Command(email_addresses.Command):
    hidden_alias = True
