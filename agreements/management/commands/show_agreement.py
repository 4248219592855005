"""The former name of `export_agreement`."""

from agreements.management.commands import export_agreement


class Command(export_agreement.Command):
    hidden_alias = True
