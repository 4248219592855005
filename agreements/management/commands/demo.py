"""manage.py demo: a whole volume with real titles and authors, from import to delivery; then serve the admin."""

import io
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone
from tqdm import tqdm

from agreements.delivery import readiness
from agreements.demo import mailbox
from agreements.demo.authors import Author
from agreements.domain.states import STATUS_LABELS, Status
from agreements.jobs import scheduled
from agreements.management.commands.seal_key import make_key
from agreements.models import Agreement, Message
from proceedings.models import Paper, User, Volume

SAMPLES = settings.BASE_DIR / "proceedings" / "samples"
VOLUMES = {247: "colt2024", 9001: "five"}
PASSWORD = "demo-desk-demo"  # noqa: S105 - printed on the screen, for a desk on this machine only
DAYS = 16
"""The agreements of the demo were issued so many days ago; their deadline is in two days."""
ADDRESS = "127.0.0.1:8000"


class Command(BaseCommand):
    help = "Run sample volumes from import to delivery. Needs DEMO=1."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--serve", action="store_true", help=f"then serve on {ADDRESS} and run the scheduled jobs")

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError(
                "The demo fills the database with sample volumes. Run `make demo`, which uses its own database."
            )
        if Volume.objects.exists():
            raise CommandError("The database is not empty. Run `make demo`, which creates an empty one.")
        self.today = timezone.now()
        self.delivery = settings.VAR_DIR / "demo" / "delivery"
        self.set_up()
        self.issue()
        self.simulate_days()
        self.deliver()
        self.summary()
        if options["serve"]:
            self.serve()

    def step(self, text: str) -> None:
        self.stdout.write(self.style.MIGRATE_HEADING(f"\n{text}"))

    # --- the steps of the job

    def set_up(self) -> None:
        self.step("Import: BibTeX files and corresponding authors")
        make_key("Demo Publisher of Proceedings")
        User.objects.create_superuser("publisher", "publisher@desk.example", PASSWORD)
        chair = User.objects.create_user("chair", "chair@desk.example", PASSWORD, is_staff=True)
        for number, name in VOLUMES.items():
            call_command(
                "import_volume",
                SAMPLES / f"{name}.bib",
                contacts=SAMPLES / f"{name}-contacts.csv",
                apply=True,
                stdout=self.stdout,
            )
            Volume.objects.get(number=number).editors.add(chair)

    def issue(self) -> None:
        self.step("Issue: one agreement and one invitation for each paper")
        deadline = (self.today + timedelta(days=2)).date().isoformat()
        for number in VOLUMES:
            call_command(
                "issue",
                str(number),
                deadline=deadline,
                reply_to="chair@desk.example",
                now=self.moments()[0].isoformat(),
                stdout=self.stdout,
            )

    def moments(self) -> list[datetime]:
        """The simulated times: two runs of the jobs on each day, none in the future."""
        midnight = datetime.combine(self.today.date(), datetime.min.time(), tzinfo=UTC)
        times = [midnight + timedelta(days=d, hours=h) for d in range(-DAYS, 1) for h in (9, 14)]
        return [time for time in times if time <= self.today] + [self.today]

    def simulate_days(self) -> None:
        self.step(f"{DAYS} days: send emails, let authors sign or decline, remind the others, seal")
        moments = self.moments()
        for index, moment in enumerate(self.progress(moments, "days")):
            for run in scheduled.JOBS.values():
                run(scheduled.fixed_clock(moment))
            self.let_authors_answer(index, len(moments), moment)
        for run in scheduled.JOBS.values():
            run(timezone.now)

    def progress(self, moments: list[datetime], label: str) -> Iterator[datetime]:
        return iter(tqdm(moments, desc=label, unit="run", disable=None))

    def let_authors_answer(self, index: int, runs: int, moment: datetime) -> None:
        """Two of three sign, spread over the days; one in forty declines; the rest stay silent."""
        links = {mail.reference: mail.link for mail in reversed(self.mails()) if mail.link}
        waiting = Agreement.objects.filter(status=Status.ISSUED).order_by("paper__volume__number", "paper__position")
        for agreement in waiting:
            habit = agreement.paper.position * 7 + agreement.volume_number
            link = links.get(agreement.reference, "")
            if not link or habit % runs != index or habit % 3 == 0:
                continue
            author = Author(moment)
            if habit % 40 == 1:
                answered = author.decline(link, "The title changed; please send a new one.")
            else:
                answered = author.sign(link, agreement.signer)
            if not answered:
                raise CommandError(f"The site rejected the answer of {agreement.signer} to {agreement.reference}.")

    def mails(self) -> list[mailbox.Mail]:
        return mailbox.read(settings.EMAIL_FILE_PATH)

    def deliver(self) -> None:
        self.step("Deliver: the ready papers, and a list of what is missing")
        for number in VOLUMES:
            with suppress(SystemExit):  # which says that papers are still missing
                call_command("deliver", str(number), to=self.delivery, partial=True, stdout=io.StringIO())

    # --- what came out

    def summary(self) -> None:
        self.step("Summary")
        row = "{:<42} {:>8} {:>8}"
        self.stdout.write(row.format("", *(f"v{number}" for number in VOLUMES)))
        papers = {n: Paper.objects.filter(volume__number=n) for n in VOLUMES}
        self.stdout.write(row.format("papers", *(papers[n].count() for n in VOLUMES)))
        without = [papers[n].filter(agreements__isnull=True).count() for n in VOLUMES]
        self.stdout.write(row.format("no corresponding author", *without))
        for status, label in ((status.value, label) for status, label in STATUS_LABELS.items()):
            counts = [Agreement.objects.filter(volume_number=n, status=status).count() for n in VOLUMES]
            if any(counts):
                self.stdout.write(row.format(label, *counts))
        for kind, label in Message.Kind.choices:
            sent = Message.objects.filter(kind=kind, state="sent")
            counts = [sent.filter(agreement__volume_number=n).count() for n in VOLUMES]
            if any(counts):
                self.stdout.write(row.format(f"emails sent: {str(label).lower()}", *counts))
        self.stdout.write(
            row.format("delivered", *(len(readiness.check_readiness(v).ready_agreements) for v in self.volumes()))
        )
        self.stdout.write(
            f"""
Packages for the publisher   {short_path(self.delivery)}
Emails                       {short_path(settings.EMAIL_FILE_PATH)}
Database                     {short_path(settings.DATABASES["default"]["NAME"])}
Seal key                     {short_path(settings.SEAL_KEY)}"""
        )
        no_contact = Paper.objects.filter(agreements__isnull=True, volume__number=9001).first()
        if no_contact:
            self.stdout.write(
                f"To do                        {no_contact.key}: choose the corresponding author, then issue the "
                "agreement"
            )

    def volumes(self) -> list[Volume]:
        return [Volume.objects.get(number=number) for number in VOLUMES]

    def serve(self) -> None:
        waiting = Agreement.objects.filter(status=Status.ISSUED).order_by("-volume_number", "paper__position").first()
        link = next(
            (m.link for m in self.mails() if waiting and m.link and m.reference == waiting.reference), "none left"
        )
        self.stdout.write(
            f"""
Admin                        {settings.PUBLIC_BASE_URL}/admin/   log in as chair, password {PASSWORD}
                             (or as publisher, same password: a superuser, sees all volumes)
Emails                       {settings.PUBLIC_BASE_URL}/demo/mail/
A signing link to try        {link}
Stop                         Ctrl-C
"""
        )
        beat = [sys.executable, "-m", "celery", "--quiet", "--app", "proceedings", "beat"]
        beat_process = subprocess.Popen(  # noqa: S603 - our own interpreter, fixed words
            [*beat, "--loglevel", "warning", "--schedule", str(settings.VAR_DIR / "demo" / "beat-schedule")]
        )
        # A polite end must stop the clock too, not only Ctrl-C.
        signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
        try:
            call_command("runserver", ADDRESS, use_reloader=False, stdout=self.stdout)
        finally:
            beat_process.terminate()
            beat_process.wait(timeout=30)


def short_path(path: Path | str) -> str:
    """Return the path relative to the checkout if it is inside; else as it is, such as the name of a database."""
    inside = Path(path).is_relative_to(settings.BASE_DIR)
    return str(Path(path).relative_to(settings.BASE_DIR) if inside else path)
