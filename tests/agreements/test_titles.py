"""A title with a formula reads well for people, and the agreement keeps its LaTeX."""

from html import unescape

import pytest
from django.core.files.storage import storages
from django.test import Client

from agreements.documents import rendering
from agreements.models import Agreement, Message
from proceedings.models import Paper
from tests import make
from tests.agreements.documents_for_tests import pages, words
from tests.agreements.mail.test_compose import read, text_of
from tests.agreements.pages import author_of

pytestmark = pytest.mark.django_db

LATEX = r"$\alpha$-Former in $O(n^2)$ for \$5"
PLAIN = "α-Former in O(n²) for $5"


def with_formula(title: str = LATEX) -> Paper:
    return make.paper(title=title, title_latex=title)


def test_emails_have_the_title_as_people_read_it() -> None:
    issued = make.agreement("issued", of=with_formula())
    for kind in (Message.Kind.INVITATION, Message.Kind.COAUTHOR, Message.Kind.EDITOR_DECLINED):
        message = make.invitation(issued)
        message.kind = kind
        mail = read(message)
        assert PLAIN in str(mail["Subject"]) or kind == Message.Kind.EDITOR_DECLINED
        assert PLAIN in text_of(mail)
        assert PLAIN in unescape(text_of(mail, "html"))
        assert "alpha" not in text_of(mail) + text_of(mail, "html") + mail["Subject"]


def test_pages_have_the_title_as_people_read_it_and_the_agreement_says_both(editor_client: Client) -> None:
    issued = make.agreement("issued", of=with_formula(LATEX + " <b>"))
    page = author_of(issued).open().content.decode()
    assert f"{PLAIN} &lt;b&gt;" in page
    assert f"{PLAIN} <b> (in LaTeX: {LATEX} <b>)" in unescape(page)
    for path in ("paper", "agreement"):
        app = "proceedings" if path == "paper" else "agreements"
        shown = editor_client.get(f"/admin/{app}/{path}/").content.decode()
        assert f"{PLAIN} &lt;b&gt;" in shown
        assert "alpha" not in shown
        rows = b"".join(editor_client.get(f"/admin/{app}/{path}/export.csv")).decode()
        assert f"{PLAIN} <b>" in rows


def test_the_form_and_the_evidence_say_both() -> None:
    sealed = make.agreement("sealed", of=with_formula())
    assert (sealed.title, sealed.printed_title) == (LATEX, PLAIN)
    assert sealed.events.get(kind="issue").data["printed_title"] == PLAIN
    with storages["private"].open(sealed.sealed_file) as file:
        form, *_, evidence = pages(file.read())
    assert words(f"{PLAIN} (in LaTeX: {LATEX})") in words(form)
    assert words(f"Title {PLAIN}") in words(evidence)
    assert words(f"Title in LaTeX {LATEX}") in words(evidence)


@pytest.mark.parametrize("title", ["Without a formula", r"For \$5", r"$\frac{a}{b}$-fair"])
def test_a_title_that_reads_as_it_is_stands_once(title: str) -> None:
    issued = make.agreement("issued", of=with_formula(title))
    assert issued.printed_title == ""
    form = words("".join(pages(rendering.render_form(issued))))
    assert form.count(words(title)) == 1
    assert "inLaTeX" not in form


def test_an_agreement_that_was_issued_before_prints_what_it_printed() -> None:
    """Its form must have the same bytes: the author may have it open, or have signed it by hand."""
    draft = make.agreement("draft", of=with_formula())
    Agreement.objects.filter(pk=draft.pk).update(printed_title="")
    draft.refresh_from_db()
    form = words("".join(pages(rendering.render_form(draft))))
    assert words(LATEX) in form
    assert words(PLAIN) not in form


def test_a_title_too_long_to_be_said_twice_is_printed_in_latex() -> None:
    title = r"$\alpha$ " + "word " * 95
    issued = make.agreement("issued", of=with_formula(title.strip()))
    form = words("".join(pages(rendering.render_form(issued))))
    assert words(title) in form
    assert "inLaTeX" not in form
