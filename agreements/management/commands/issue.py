"""manage.py issue 247: issues an agreement for every ready paper and queues its invitation."""

from datetime import date
from typing import Any

from django.core.exceptions import ValidationError
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from agreements import lifecycle
from agreements.jobs import issue_many
from agreements.models import ANYWHERE_ON_EARTH, SigningSettings
from proceedings.email_address import AddressError
from proceedings.management.arguments import moment, volume_numbered
from proceedings.models import Paper, Volume
from proceedings.models.address_field import clean_address
from proceedings.people.licences import GRANTED, contradicts


class Command(BaseCommand):
    help = "Issue an agreement for every ready paper of a volume that has none. A scheduled job emails the invitations."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("volume", help="the publisher's number, such as 247")
        parser.add_argument(
            "--paper", action="append", metavar="KEY", help="only this paper; may be given more than once"
        )
        parser.add_argument("--dry-run", action="store_true", help="show what would be issued, and change nothing")
        parser.add_argument(
            "--deadline", metavar="DAY", help="last day to sign, such as 2026-12-15; sets the volume's deadline"
        )
        parser.add_argument("--zone", help="time zone of the deadline; default: “anywhere on Earth”")
        parser.add_argument("--reply-to", metavar="ADDRESS", help="address for authors' replies")
        parser.add_argument("--now", help="use this time instead of the current one (ISO 8601, UTC)")

    def handle(self, *args: Any, **options: Any) -> None:
        volume = volume_numbered(options["volume"])
        now = moment(options["now"]) if options["now"] else timezone.now()
        papers = volume.papers.all()
        if options["paper"]:
            unknown = set(options["paper"]) - set(papers.values_list("key", flat=True))
            if unknown:
                raise CommandError(f"v{volume.number} has no paper {', '.join(sorted(unknown))}.")
            papers = papers.filter(key__in=options["paper"])
        if not options["dry_run"]:
            self.set_deadline(volume, options, now)
        report = issue_many.issue(papers, by="command line", now=now, dry_run=options["dry_run"])
        for paper, why in report.skipped:
            self.stdout.write(f"  {paper.key}: {why}")
        left_out = {paper.pk for paper in (*(one for one, _ in report.skipped), *report.already_issued)}
        self.warn_about_licences([paper for paper in papers if paper.pk not in left_out])
        count = len(papers) - len(report.skipped) - len(report.already_issued)
        verb = "would be issued" if options["dry_run"] else "issued"
        self.stdout.write(
            f"v{volume.number}: {count} {verb}, {len(report.already_issued)} already issued, "
            f"{len(report.skipped)} not ready."
        )

    def warn_about_licences(self, papers: list[Paper]) -> None:
        """Names the papers whose submission states another licence than the agreement grants."""
        for paper in papers:
            if contradicts(paper.licence):
                self.stdout.write(
                    f"  {paper.key}: its submission states “{paper.licence}”, but the agreement grants {GRANTED}. Ask "
                    "the authors before they sign."
                )

    def set_deadline(self, volume: Volume, options: dict[str, Any], now: Any) -> None:
        """Sets the deadline from the command line. Without one, the volume must have a deadline already."""
        signing_settings = SigningSettings.objects.filter(volume=volume).first()
        if options["deadline"] is None:
            if signing_settings is None:
                raise CommandError(
                    f"v{volume.number} has no deadline yet. Add --deadline, such as --deadline 2026-12-15."
                )
            return
        try:
            deadline = date.fromisoformat(options["deadline"])
        except ValueError as error:
            raise CommandError(f"--deadline {options['deadline']!r} is not a day such as 2026-12-15.") from error
        new = signing_settings is None
        signing_settings = signing_settings or SigningSettings(volume=volume, deadline=deadline)
        signing_settings.move_deadline(
            deadline, options["zone"] or (ANYWHERE_ON_EARTH if new else signing_settings.zone)
        )
        if options["reply_to"]:
            try:
                signing_settings.reply_to = clean_address(options["reply_to"])
            except AddressError as error:
                raise CommandError(f"--reply-to: {error.sentences}") from error
        try:
            signing_settings.full_clean()
        except ValidationError as error:
            raise CommandError(" ".join(error.messages)) from error
        signing_settings.save()
        lifecycle.recheck_volume(volume.pk, now)
