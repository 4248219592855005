"""The commands: output, changes and exit status."""

import io
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import CommandError, call_command, get_commands, load_command_class

from agreements.jobs import scheduled
from agreements.management.commands import demo, run_jobs
from agreements.models import Agreement, Event, SigningSettings
from tests import make
from tests.make import CLOSES, DAY, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db


def run(command: str, *args: object, **options: object) -> str:
    output = io.StringIO()
    call_command(command, *args, stdout=output, no_color=True, **options)
    return output.getvalue()


def ends(command: str, *args: object) -> tuple[str, int]:
    """Returns the output of a command that ends with an exit status."""
    output = io.StringIO()
    with pytest.raises(SystemExit) as stopped:
        call_command(command, *args, stdout=output, no_color=True)
    return output.getvalue(), int(str(stopped.value.code))


# --- issue


def test_issue_saves_the_signing_settings_and_reports_every_paper() -> None:
    volume = make.volume(deadline=None)
    make.paper(volume, key="ready26")
    make.paper(volume, key="silent26", contact=None)
    said = run(
        "issue", "v247", deadline="2026-11-30", zone="Europe/Paris", reply_to="chair@x.example", now="2026-11-01T09:00"
    )
    assert said.splitlines() == [
        "  silent26: The paper has no corresponding author. Choose one and enter an email address.",
        "v247: 1 issued, 0 already issued, 1 not ready.",
    ]
    signing_settings = SigningSettings.objects.get()
    assert (signing_settings.deadline_in_words, signing_settings.reply_to) == (
        "30 November 2026, 23:59 Europe/Paris",
        "chair@x.example",
    )
    assert Agreement.objects.get().issued_at == NOW
    assert Event.objects.filter(kind="issue").get().by == "command line"


def test_issue_names_papers_with_another_licence() -> None:
    volume = make.volume()
    make.paper(volume, key="open26", licence="CC BY 4.0")
    make.paper(volume, key="other26", licence="CC BY-NC 4.0")
    make.paper(volume, key="silent26", licence="CC BY-NC 4.0", contact=None)
    said = "  other26: its submission states “CC BY-NC 4.0”, but the agreement grants CC BY 4.0."
    for arguments in (["--dry-run"], []):
        lines = [line for line in run("issue", "247", *arguments).splitlines() if "licence" in line or "grants" in line]
        assert lines == [f"{said} Ask the authors before they sign."]


def test_issue_changes_the_deadline_and_replans_those_awaiting_signature() -> None:
    agreement = make.agreement("issued")
    Agreement.objects.update(next_check_at=None)
    run("issue", "247", deadline="2026-12-24", now=(NOW + DAY).isoformat())
    agreement.refresh_from_db()
    assert agreement.next_check_at == NOW + DAY
    signing_settings = SigningSettings.objects.get()
    assert (signing_settings.revision, signing_settings.zone, signing_settings.reply_to) == (
        2,
        "Etc/GMT+12",
        "chair@desk.example",
    )


def test_a_dry_run_says_what_it_would_do_and_does_nothing() -> None:
    make.paper(make.volume(deadline=None))
    assert run("issue", "247", "--dry-run") == "v247: 1 would be issued, 0 already issued, 0 not ready.\n"
    assert Agreement.objects.count() == SigningSettings.objects.count() == 0


def test_issue_takes_only_the_papers_that_are_named() -> None:
    volume = make.volume()
    make.paper(volume, key="one26")
    make.paper(volume, key="two26")
    run("issue", "247", "--paper", "two26")
    assert Agreement.objects.get().paper_key == "two26"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["999"], "There is no volume '999'. Known volumes: 247."),
        (["247; DROP"], "There is no volume"),
        (["247"], "v247 has no deadline yet. Add --deadline"),
        (["247", "--paper", "nope26"], "v247 has no paper nope26."),
        (["247", "--deadline", "30.11.2026"], "'30.11.2026' is not a day such as 2026-12-15"),
        (["247", "--deadline", "2026-11-30", "--zone", "Mars"], "'Mars' is not a time zone"),
        (["247", "--deadline", "2026-11-30", "--reply-to", "nobody"], "'nobody' is not an email address"),
        (["247", "--now", "yesterday"], "'yesterday' is not a date and time"),
    ],
)
def test_issue_rejects_invalid_input_and_changes_nothing(arguments: list[str], says: str) -> None:
    make.paper(make.volume(deadline=None))
    with pytest.raises(CommandError, match=says.replace("'", ".").replace("+", r"\+")):
        run("issue", *arguments)
    assert Agreement.objects.count() == SigningSettings.objects.count() == 0


# --- sweep


def test_sweep_runs_one_job_or_all(mailbox: Mailbox) -> None:
    make.agreement("issued")
    make.agreement("signed")
    now = NOW.isoformat()
    assert run("run_jobs", "queue-emails", now=now) == "queue-emails: nothing due\n"
    assert run("run_jobs", "seal", now=now) == "seal: 1 sealed\n"
    assert run("run_jobs", "send", now=now) == "send: 2 sent\n"
    assert run("run_jobs", now=(CLOSES - 14 * DAY).isoformat()).splitlines() == [
        "bulk-jobs: nothing due",
        "queue-emails: 1 reminders",
        "seal: nothing due",
        "send: 1 sent",
        "packages: nothing due",
        "publisher-checks: nothing due",
        "verify-files: nothing due",
        "read-bounces: nothing due",
    ]


def test_sweep_without_a_time_uses_the_present(mailbox: Mailbox) -> None:
    assert run("run_jobs").splitlines() == [f"{name}: nothing due" for name in run_jobs.JOB_NAMES]


def test_sweep_rejects_unknown_jobs() -> None:
    assert list(run_jobs.JOB_NAMES.values()) == list(scheduled.JOBS)
    with pytest.raises(CommandError, match="invalid choice"):
        run("run_jobs", "everything")


@pytest.mark.parametrize("name", list(scheduled.JOBS))
def test_the_old_name_of_the_command_and_of_each_job_still_works(name: str, mailbox: Mailbox) -> None:
    new = next(new for new, stored in run_jobs.JOB_NAMES.items() if stored == name)
    assert run("sweep", name, now=NOW.isoformat()) == f"{new}: nothing due\n"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sweep", "run_jobs"),
        ("preview_mails", "preview_emails"),
        ("reset_two_step", "reset_two_factor"),
        ("index_search", "create_search_indexes"),
        ("evidence", "export_evidence"),
        ("cite", "citations"),
        ("addresses", "email_addresses"),
        ("show_agreement", "export_agreement"),
    ],
)
def test_an_old_name_is_a_hidden_alias_of_the_new_one(old: str, new: str) -> None:
    commands = get_commands()
    alias, command = (load_command_class(commands[name], name) for name in (old, new))
    assert isinstance(alias, type(command))
    assert (getattr(alias, "hidden_alias", False), getattr(command, "hidden_alias", False)) == (True, False)


# --- verify


def test_verify_audit_says_how_much_it_read() -> None:
    make.agreement("sealed")
    assert run("verify_audit") == "1 chains, 5 events, 0 broken.\n"


def test_verify_audit_names_what_is_broken_and_fails(tampering: Callable[[], AbstractContextManager[None]]) -> None:
    agreement = make.agreement("sealed")
    with tampering():
        Event.objects.filter(number=2).update(by="mallory")
    said, status = ends("verify_audit")
    assert status == 1
    assert said.splitlines() == [
        f"{agreement.reference}: event 2 (issue) was changed.",
        "1 chains, 5 events, 1 broken.",
    ]


def test_verify_agreement_distinguishes_the_sealed_the_changed_and_the_foreign_file(tmp_path: Path) -> None:
    agreement = make.agreement("sealed")
    file = tmp_path / "a.pdf"
    with storages["private"].open(agreement.sealed_file) as stored:
        body = stored.read()
    file.write_bytes(body)
    assert run("verify_agreement", file).startswith("This is the sealed file, unchanged.")
    file.write_bytes(body + b"\n%changed\n")
    assert ends("verify_agreement", file)[1] == 1
    file.write_bytes(b"%PDF-1.7 a bill")
    assert ends("verify_agreement", file)[1] == 2


def test_verify_agreement_without_a_file_says_so(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"Cannot read .*: No such file"):
        run("verify_agreement", tmp_path / "none.pdf")


# --- demo


@pytest.mark.parametrize(
    ("path", "shown"), [("var/mail", "var/mail"), ("/elsewhere/mail", "/elsewhere/mail"), (None, "postgres")]
)
def test_the_demo_shows_paths_inside_and_outside_the_checkout(path: str | None, shown: str) -> None:
    assert demo.short_path(settings.BASE_DIR / path if path else "postgres") == shown


def test_the_demo_is_not_for_production() -> None:
    with pytest.raises(CommandError, match="make demo"):
        run("demo")
