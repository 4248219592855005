"""The former name of `preview_emails`."""

from agreements.management.commands import preview_emails


class Command(preview_emails.Command):
    hidden_alias = True
