"""The four real volumes, from BibTeX to the publisher's folders; one agreement of each is signed in a real browser."""

import io
import subprocess
from collections.abc import Callable
from contextlib import nullcontext, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from agreements.demo import mailbox
from agreements.documents import audit
from agreements.domain import agreement_text
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.models import Agreement, Message, SigningSettings
from proceedings.importing import name_review
from proceedings.models import Author, NameReview, Paper

pytestmark = [pytest.mark.browser, pytest.mark.tools, pytest.mark.django_db(transaction=True)]

DATA = Path(__file__).parent.parent / "data"
VOLUMES = {"acml2025-v304": (79, 0), "colt2024-v247": (170, 0), "copa2024-v230": (36, 0), "l4dc2025-v283": (120, 1)}
"""Papers that come in, and those with an error: one key of the last holds an invisible character."""


def run(*words: Any, **options: Any) -> str:
    output = io.StringIO()
    with suppress(SystemExit):
        call_command(*words, stdout=output, **options)
    return output.getvalue()


def contacts_of(number: str, folder: Path) -> Path:
    """The first author of each paper answers for it."""
    first = Author.objects.filter(paper__volume__number=number, position=1).select_related("paper")
    rows = [f'{each.paper.key},first.{each.paper.key}@author.example,"{each.display}",1' for each in first]
    file = folder / "contacts.csv"
    file.write_text("\n".join(["paper,email,name,author", *rows]))
    return file


def bring_in(bib: Path, contacts: Path | None, rejected: int) -> None:
    """An import that rejects something applies the rest and says so with its exit status."""
    refusal = pytest.raises(CommandError) if rejected else nullcontext()
    with refusal:
        run("import_volume", bib, contacts=contacts, apply=True)


def words_of(text: str) -> str:
    """Letters and digits only: hyphenation, ligatures and spaces aside."""
    return "".join(char for char in text if char.isalnum())


@pytest.mark.parametrize("name", VOLUMES)
def test_a_real_volume_from_beginning_to_end(
    name: str, reader: Callable[..., Any], mail_folder: Path, tmp_path: Path
) -> None:
    papers, rejected = VOLUMES[name]
    number = name.rpartition("v")[2]
    today = timezone.now()
    issued = today - timedelta(days=10)

    # Import, twice: first the papers, then who answers for them.
    bib = DATA / f"{name}-facts.bib"
    bring_in(bib, None, rejected)
    bring_in(bib, contacts_of(number, tmp_path), rejected)
    assert Paper.objects.filter(volume__number=number).count() == papers
    for review in NameReview.objects.filter(grave=True):  # such as a full stop where a comma should be
        name_review.resolve(review, name_review.read_answer(review.proposal), by="editor:chair", now=today)

    # Issue, mail, chase.
    deadline = (today + timedelta(days=2)).date().isoformat()
    assert f"{papers} issued" in run(
        "issue", number, deadline=deadline, reply_to="chair@desk.example", now=issued.isoformat()
    )
    SigningSettings.objects.update(from_hour=0, to_hour=24, weekend=[])  # whenever this test is run
    scheduled.send_emails(scheduled.fixed_clock(issued))
    scheduled.queue_due(scheduled.fixed_clock(today))
    scheduled.send_emails(scheduled.fixed_clock(today))
    assert Message.objects.filter(kind="invitation", state="sent").count() == papers
    assert Message.objects.filter(kind="reminder", state="sent").count() == papers

    # One author signs, by the link of the newest mail.
    agreement = Agreement.objects.order_by("paper__position").first()
    assert agreement
    mail = next(mail for mail in mailbox.read(mail_folder) if mail.reference == agreement.reference)
    with reader() as author:
        author.go(urlparse(mail.link).path)
        assert author.says(agreement.title)
        author.page.fill("#typed_name", agreement.signer)
        author.page.check("#authority")
        author.page.check("#consent")
        author.press("button:text('Review and sign')")
        author.press("button:text('Sign the agreement')")
        assert author.says("Signed. Thank you.")

    # Seal, deliver what is signed; the rest is named.
    for turn in scheduled.JOBS.values():
        turn(timezone.now)
    agreement.refresh_from_db()
    assert agreement.status == Status.SEALED
    said = run("deliver", number, to=tmp_path / "out", partial=True)
    assert said.count("awaiting signature") == papers - 1
    sealed = tmp_path / "out" / f"v{number}permissions" / f"{agreement.paper_key}Permission.pdf"
    verdict = subprocess.run(["pdfsig", sealed], capture_output=True, text=True, check=False).stdout
    assert "Signature is Valid." in verdict
    assert "Total document signed" in verdict
    text = words_of(subprocess.run(["pdftotext", sealed, "-"], capture_output=True, text=True, check=True).stdout)
    for paragraph in agreement_text.load(agreement.text.version).paragraphs():
        assert words_of(paragraph) in text
    assert list(audit.check_all()) == []
    assert settings.PUBLIC_BASE_URL in mail.link
