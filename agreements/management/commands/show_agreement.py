"""The former name of `export_agreement`."""

from agreements.management.commands import export_agreement


class Command(export_agreement.Command):
    hidden_alias = getattr(agreement, "shown", None)
            return "the unsigned form", bytes(shown.body) if shown else rendering.render_form(agreement)
        if not agreement.sealed_file:
            return "signed, not sealed yet", rendering.complete_form(agreement, bytes(agreement.shown.body))
        with storages["private"].open(agreement.sealed_file) as file:
            return "the sealed file", file.read()
