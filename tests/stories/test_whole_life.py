"""The whole life of agreements, from the publisher's BibTeX file to the publisher's folder, through the real pages."""

import csv
import io
import re
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements.demo import mailbox
from agreements.demo.authors import Author
from agreements.documents import audit, rendering
from agreements.domain.facts import sha256
from agreements.jobs import scheduled
from agreements.models import Agreement, Message
from proceedings.models import Paper, Volume
from tests.make import DAY, HOUR, MINUTE
from tests.proceedings.pdf_files import write_pdfs

pytestmark = pytest.mark.django_db

START = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
CLOSES = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)

BIB = r"""
@Proceedings{ICTT2026,
    booktitle = {Proceedings of the First Conference on Tests that Tell},
    name = {Conference on Tests that Tell},
    shortname = {ICTT},
    year = {2026},
    start = {2026-10-05},
    end = {2026-10-07},
    volume = {9002},
    address = {Aix-en-Provence, France},
    conference_url = {https://tests-that-tell.example/},
}
@InProceedings{angstrom26,
    title = {The {\"U}ber-Norm: {R}\&{D} for $\ell_1$},
    author = {{\AA}ngstr{\"o}m, Zo{\"e} and de la Vall{\'e}e, Ren{\'e}},
    pages = {1--12},
    abstract = {We test.},
}
@InProceedings{lewis26,
    title = {Simplifying Training},
    author = {Lewis, Mike and Bhosale, Shruti},
    pages = {13--20},
    abstract = {We train.},
}
@InProceedings{moh26,
    title = {Masked Training},
    author = {Mohtashami, Amirkeivan},
    pages = {21--30},
    abstract = {We mask.},
}
"""
CONTACTS = """paper,email,name
angstrom26,zoe@author.example,Zoë Ångström
lewis26,mike@author.example,Mike Lewis
moh26,amir@author.example,Amirkeivan Mohtashami
"""


@pytest.fixture
def volume(tmp_path: Path, mail_folder: Path) -> Volume:
    """The volume, imported and issued at `START`."""
    bib, contacts = tmp_path / "v9002.bib", tmp_path / "contacts.csv"
    bib.write_text(BIB)
    contacts.write_text(CONTACTS)
    call_command("import_volume", bib, contacts=contacts, apply=True, stdout=io.StringIO())
    run("issue", "9002", deadline="2026-11-30", reply_to="chair@desk.example", now=START.isoformat())
    return Volume.objects.get(number=9002)


def run(command: str, *args: object, **options: object) -> str:
    """The command's output."""
    output = io.StringIO()
    call_command(command, *args, stdout=output, **options)
    return output.getvalue()


def run_jobs(now: datetime) -> str:
    return run("run_jobs", now=now.isoformat()).removesuffix("packages: nothing due\n")


def done(now: datetime) -> list[str]:
    """What the rounds of one sweep had to do; the idle ones are left out."""
    return [line for line in run_jobs(now).splitlines() if not line.endswith("nothing due")]


def make_ready(volume: Volume, folder: Path) -> None:
    """All that the publisher wants beside the agreements: the papers themselves, and the volume's own fields."""
    write_pdfs(volume, folder)
    run("attach_files", "9002", folder)
    Volume.objects.update(published=date(2026, 12, 20), editor_names=["Lovelace, Ada"])


def delivered(to: Path, now: datetime) -> list[str]:
    """The permissions of a delivery of what is cleared so far."""
    with suppress(SystemExit):
        run("deliver", "9002", to=to, now=now.isoformat(), partial=True)
    return sorted(path.name for path in (to / "v9002permissions").glob("*Permission.pdf"))


def mails(folder: Path, key: str = "") -> list[mailbox.Mail]:
    """The mails about the paper, oldest first."""
    return [mail for mail in reversed(mailbox.read(folder)) if f"-{key}-" in mail.reference or not key]


def agreement(key: str) -> Agreement:
    return Agreement.objects.filter(paper_key=key).latest("pk")


def test_from_the_publishers_file_to_the_publishers_folder(volume: Volume, mail_folder: Path, tmp_path: Path) -> None:
    # Invited.
    assert done(START) == ["send: 3 sent"]
    (invitation,) = mails(mail_folder, "angstrom26")
    assert str(invitation.to) == "Zoë Ångström <zoe@author.example>"
    assert "The Über-Norm: R&D for ℓ₁" in invitation.text
    assert "30 November 2026, 23:59 anywhere on Earth" in invitation.text

    # One signs at once; the receipt with the sealed copy follows.
    assert Author(START + HOUR).sign(invitation.link, "Zoë Ångström")
    assert done(START + HOUR + MINUTE) == ["seal: 1 sealed", "send: 1 sent"]
    assert mails(mail_folder, "angstrom26")[-1].attachments == ("angstrom26Permission.pdf",)

    # The silent are reminded, each on the days of the terms; who signed is not.
    first = CLOSES - 14 * DAY + MINUTE
    assert done(first) == ["queue-emails: 2 reminders", "send: 2 sent"]
    assert len(mails(mail_folder, "angstrom26")) == 2
    invited, reminded = mails(mail_folder, "lewis26")
    assert reminded.subject.strip().startswith("Reminder")
    assert invited.link != reminded.link

    # Either link signs; then both show the receipt.
    assert Author(first + DAY).sign(invited.link, "Lewis, Mike")
    for link in (invited.link, reminded.link):
        page = Author(first + 2 * DAY).client.get(link.replace("http://testserver", ""))
        assert "Signed. Thank you." in page.content.decode()
    run_jobs(first + 2 * DAY)

    # Not complete yet: only what is sealed goes.
    assert delivered(tmp_path / "early", first + 2 * DAY) == ["angstrom26Permission.pdf", "lewis26Permission.pdf"]

    # The last one signs late.
    late = CLOSES + 2 * DAY
    run_jobs(late)
    overdue = mails(mail_folder, "moh26")[-1]
    assert overdue.subject.strip().startswith("Overdue")
    assert Author(late).sign(overdue.link, "Amirkeivan Mohtashami")
    run_jobs(late + HOUR)

    # Signed by all and still refused: the papers themselves are missing, and nothing is written.
    with pytest.raises(SystemExit):
        run("deliver", "9002", to=tmp_path)
    assert not (tmp_path / "v9002").exists()
    make_ready(volume, tmp_path / "camera-ready")

    # Delivered, complete; every file is the one that was sealed and begins with the bytes that were shown.
    output = run("deliver", "9002", to=tmp_path, now=(late + DAY).isoformat())
    assert output.endswith("v9002 is complete.\n")
    folder = tmp_path / "v9002permissions"
    rows = list(csv.DictReader((folder / "manifest.csv").read_text().splitlines()))
    assert [row["paper"] for row in rows] == ["angstrom26", "lewis26", "moh26"]
    for row in rows:
        body = (folder / row["file"]).read_bytes()
        signed = agreement(row["paper"])
        assert row["sha256"] == sha256(body) == signed.sealed_sha256
        assert body.startswith(rendering.render_form(signed))
    assert (tmp_path / "v9002" / "v9002.bib").read_text().count("@InProceedings") == 3

    # The record is whole and tells all of it.
    assert list(audit.check_all()) == []
    kinds = [event.kind for event in agreement("lewis26").events.order_by("number")]
    assert kinds == ["draft", "issue", "mailed", "mailed", "reviewed", "sign", "seal", "mailed", "deliver"]
    assert set(Message.objects.values_list("state", flat=True)) <= {"sent", "skipped"}


def test_who_declines_hears_no_more_and_the_editors_hear_why(volume: Volume, mail_folder: Path, tmp_path: Path) -> None:
    run_jobs(START)
    (invitation,) = mails(mail_folder, "lewis26")
    assert Author(START + HOUR).decline(invitation.link, "We moved the copyright to our university.")
    for day in range(1, 60):
        run_jobs(START + day * DAY)
    about = mails(mail_folder, "lewis26")
    assert sorted(str(mail.to) for mail in about) == [
        "Mike Lewis <mike@author.example>",
        "Mike Lewis <mike@author.example>",
        "chair@desk.example",
    ]
    notice = next(mail for mail in about if mail.to.addr_spec == "chair@desk.example")
    assert "We moved the copyright" in notice.text
    assert not Author(START + 2 * HOUR).sign(invitation.link, "Mike Lewis")
    assert agreement("lewis26").status == "declined"
    assert delivered(tmp_path, START + 60 * DAY) == []

    # The editors correct the paper and issue anew: the new link works, the old one does not.
    run("issue", "9002", paper=["lewis26"], now=(START + 61 * DAY).isoformat())
    run_jobs(START + 61 * DAY)
    again = mails(mail_folder, "lewis26")[-1]
    assert again.link != invitation.link
    assert Author(START + 62 * DAY).sign(again.link, "Mike Lewis")


def test_a_withdrawn_paper_gets_no_more_email_and_is_not_missed(
    volume: Volume, mail_folder: Path, tmp_path: Path
) -> None:
    run_jobs(START)
    (invitation,) = mails(mail_folder, "moh26")
    Paper.objects.filter(key="moh26").update(status="withdrawn")
    assert "1 voided" in run_jobs(START + DAY)
    for day in range(2, 60):
        run_jobs(START + day * DAY)
    assert len(mails(mail_folder, "moh26")) == 1
    assert not Author(START + 2 * DAY).sign(invitation.link, "Amirkeivan Mohtashami")
    for key, name in (("angstrom26", "Zoë Ångström"), ("lewis26", "Mike Lewis")):
        assert Author(START + 60 * DAY).sign(mails(mail_folder, key)[-1].link, name)
    run_jobs(START + 60 * DAY)
    make_ready(volume, tmp_path / "camera-ready")
    assert run("deliver", "9002", to=tmp_path).endswith("v9002 is complete.\n")
    assert not (tmp_path / "v9002permissions" / "moh26Permission.pdf").exists()
    assert "moh26" not in (tmp_path / "v9002" / "v9002.bib").read_text()


def test_a_year_passes_and_what_is_not_published_lapses(volume: Volume, mail_folder: Path) -> None:
    run_jobs(START)
    for key, name in (("angstrom26", "Zoë Ångström"), ("lewis26", "Mike Lewis")):
        assert Author(START + HOUR).sign(mails(mail_folder, key)[-1].link, name)
    run_jobs(START + DAY)
    Volume.objects.update(published=(START + 100 * DAY).date())
    run_jobs(START + 99 * DAY)
    assert agreement("lewis26").status == "sealed"
    run_jobs(scheduled.one_year_after(START + HOUR))
    assert agreement("lewis26").status == "sealed", "it was published in time"
    Volume.objects.update(published=None)
    run_jobs(scheduled.one_year_after(START + HOUR))
    assert {agreement(key).status for key in ("angstrom26", "lewis26")} == {"lapsed"}
    assert agreement("lewis26").sealed_sha256, "the evidence stays"


def test_a_form_without_csrf_token_ticks_or_the_right_document_signs_nothing(volume: Volume, mail_folder: Path) -> None:
    run_jobs(START)
    path = mails(mail_folder, "lewis26")[0].link.replace("http://testserver", "")
    now = START + HOUR
    full = {**Author(now).hidden_fields(path), "typed_name": "Mike Lewis", "authority": "on", "consent": "on"}
    token = full.pop("csrfmiddlewaretoken")
    assert Author(now).client.post(path, full).status_code == 403
    for field in ("typed_name", "authority", "consent", "shown"):
        author = Author(now)
        hidden = author.hidden_fields(path)
        fields = {**full, "csrfmiddlewaretoken": hidden["csrfmiddlewaretoken"]}
        del fields[field]
        assert author.client.post(path, fields).status_code == 400, field
    author = Author(now)
    hidden = author.hidden_fields(path)
    other = {**full, "csrfmiddlewaretoken": hidden["csrfmiddlewaretoken"], "shown": "0" * 64}
    assert author.client.post(path, other).status_code == 409
    assert token
    assert agreement("lewis26").status == "issued"


def test_scanners_that_open_every_link_change_nothing(volume: Volume, mail_folder: Path) -> None:
    run_jobs(START)
    tables = (Agreement, Message, Volume, Paper)
    before = [list(table.objects.order_by("pk").values()) for table in tables]
    events = agreement("lewis26").events.count()
    for mail in mails(mail_folder):
        for suffix in ("", "agreement.pdf", "decline/"):
            for method in ("get", "head", "options"):
                client = Author(START + HOUR).client
                answer = getattr(client, method)(mail.link.replace("http://testserver", "") + suffix)
                assert answer.status_code in (200, 405)
    assert [list(table.objects.order_by("pk").values()) for table in tables] == before
    assert agreement("lewis26").events.count() == events


def test_the_author_list_as_printed_is_what_the_signer_signs_for(volume: Volume, mail_folder: Path) -> None:
    run_jobs(START)
    link = mails(mail_folder, "angstrom26")[0].link
    Author(START + HOUR).sign(link, "Zoë Ångström")
    signed = agreement("angstrom26")
    assert signed.authors == ["Zoë Ångström", "René de la Vallée"]
    assert signed.authority == "I sign for all authors: Zoë Ångström; René de la Vallée."
    assert signed.signed_at == START + HOUR
    assert re.fullmatch(r"9002-angstrom26-[0-9A-Z]{6}", signed.reference)


def test_importing_or_issuing_twice_changes_nothing(volume: Volume, tmp_path: Path) -> None:
    before = list(Agreement.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())
    output = io.StringIO()
    call_command("import_volume", tmp_path / "v9002.bib", contacts=tmp_path / "contacts.csv", apply=True, stdout=output)
    assert "Nothing to change." in output.getvalue()
    assert "0 issued, 3 already issued" in run("issue", "9002", now=(START + timedelta(days=1)).isoformat())
    assert (list(Agreement.objects.order_by("pk").values()), list(Message.objects.order_by("pk").values())) == before
    with pytest.raises(CommandError, match="no volume"):
        run("issue", "1")
