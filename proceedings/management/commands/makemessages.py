"""manage.py makemessages: collects the words for translators, as Django does; knows what a `Sentence` is."""

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.commands import makemessages

OURS = {"no_location": True, "no_obsolete": True, "no_wrap": True}
HEADERS_OF_NO_USE = ('"POT-Creation-Date:', '"Report-Msgid-Bugs-To:')
WITHOUT_WORDS_FOR_AUTHORS = ["tests", "var", "staticfiles", "migrations", "admin"]


class Command(makemessages.Command):
    """Nothing in a catalogue changes but its words: two people who work on it do not collide, and no guess is made."""

    xgettext_options = [*makemessages.Command.xgettext_options, "--keyword=Sentence"]
    msgmerge_options = [*makemessages.Command.msgmerge_options, "--no-fuzzy-matching"]

    def handle(self, *args: Any, **options: Any) -> None:
        ignored = [*options["ignore_patterns"], *WITHOUT_WORDS_FOR_AUTHORS]
        super().handle(*args, **{**options, **OURS, "ignore_patterns": ignored})
        for folder in settings.LOCALE_PATHS:
            for catalogue in Path(folder).glob("*/LC_MESSAGES/*.po"):
                lines = catalogue.read_text(encoding="utf-8").splitlines(keepends=True)
                code = catalogue.parent.parent.name
                named = [line.replace('"Language: \\n"', f'"Language: {code}\\n"') for line in lines]
                kept = [line for line in named if not line.startswith(HEADERS_OF_NO_USE)]
                catalogue.write_text("".join(kept), encoding="utf-8")
