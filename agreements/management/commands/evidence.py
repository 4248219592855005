"""The former name of `export_evidence`."""

from agreements.management.commands import export_evidence


class Command(export_evidence.Command):
    hidden_alias = True
