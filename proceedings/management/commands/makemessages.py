"""manage.py makemessages: collects the words for translators, as Django does; knows what a `Sentence` is."""

from typing import Any

from django.core.management.commands import makemessages


class Command(makemessages.Command):
    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=Sentence"]
    # Nothing in a catalogue may change but its words: then two people who work on it do not collide.
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        ours = {"no_location": True, "no_obsolete": True, "no_wrap": True}
        ignored = [*options["ignore_patterns"], "tests", "var", "staticfiles", "migrations", "admin"]
        super().handle(*args, **{**options, **ours, "ignore_patterns": ignored})
