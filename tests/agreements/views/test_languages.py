"""A new language is only a catalogue away, and nothing that is kept depends on the reader's.

The proof is a language nobody speaks: its catalogue puts ⟦brackets⟧ around every sentence. Whatever an author can read
must then stand in brackets, unless it is a name, a title, an address, a reference, or the publisher's own English.
"""

import html
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import polib
import pytest
from django.conf import settings as project
from django.core.exceptions import ValidationError
from django.core.files.storage import storages
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.utils import translation
from pytest_django import Settings

from agreements import lifecycle
from agreements.delivery import publication
from agreements.demo.authors import hidden_in
from agreements.documents import checklist, rendering, seal, verification
from agreements.domain import statements
from agreements.lifecycle import delegate, signed_form
from agreements.mail import addresses, links
from agreements.mail.kinds import KINDS, kinds_where
from agreements.models import Agreement, EmailAddress, Link, Message, SigningSettings
from agreements.requests import change_requests, edits, link_requests
from proceedings.models import Author as PaperAuthor
from tests import make
from tests.agreements import photos
from tests.agreements.editors import client_for
from tests.agreements.mail import test_compose
from tests.agreements.pages import Author, all_rows, author_of, browser, fields_of
from tests.make import CLOSES, DAY, NOW

pytestmark = pytest.mark.django_db

Kind = Message.Kind

BRACKETED = "eo"
"""Django knows this code, and nobody translates for it here."""

ROOT = Path(project.BASE_DIR)
ADDRESS = re.compile(r"http\S+|@InProceedings\{.*?^\}", re.DOTALL | re.MULTILINE)
"""An address, or an entry in BibTeX."""

FRENCH = polib.pofile(str(ROOT / "locale/fr/LC_MESSAGES/django.po"))


@pytest.fixture
def bracketed(tmp_path: Path, settings: Settings) -> None:
    """A catalogue made by a machine from what translators are given, and nothing else: then its language is spoken."""
    catalogue = polib.POFile()
    catalogue.metadata = {"Content-Type": "text/plain; charset=utf-8", "Plural-Forms": "nplurals=2; plural=(n != 1);"}
    for entry in FRENCH:
        made = polib.POEntry(msgid=entry.msgid, msgid_plural=entry.msgid_plural)
        if entry.msgid_plural:
            made.msgstr_plural = {0: f"⟦{entry.msgid}⟧", 1: f"⟦{entry.msgid_plural}⟧"}
        else:
            made.msgstr = f"⟦{entry.msgid}⟧"
        catalogue.append(made)
    folder = tmp_path / BRACKETED / "LC_MESSAGES"
    folder.mkdir(parents=True)
    catalogue.save_as_mofile(str(folder / "django.mo"))
    settings.LOCALE_PATHS = [tmp_path]
    settings.LANGUAGES = [("en", "English"), (BRACKETED, "Esperanto")]


class Reading(HTMLParser):
    """The words of a page that stand outside brackets, but for data (<bdi>) and for what is marked as English."""

    VOID = {"meta", "link", "img", "input", "br", "hr", "path", "line"}
    SPOKEN = ("aria-label", "title", "placeholder", "alt")

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[tuple[str, bool]] = []
        self.depth = 0
        self.outside = ""
        self.language = ""
        self.feed(page)
        self.close()

    @property
    def apart(self) -> bool:
        return any(apart for _, apart in self.open)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "html":
            self.language = given.get("lang") or ""
        other = given.get("lang") not in (None, BRACKETED)
        if not self.apart and not other:
            for name, text in attrs:
                if name in self.SPOKEN or name.startswith("data-"):
                    self.hear(text or "")
        if tag not in self.VOID:
            self.open.append((tag, other or tag in ("bdi", "script", "style", "textarea", "code", "pre")))
        if tag in ("p", "li", "dt", "dd", "h1", "h2", "button", "span", "title", "label", "td"):
            self.outside += "\n"

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not self.apart:
            self.hear(data)

    def hear(self, text: str) -> None:
        for sign in text:
            self.depth += (sign == "⟦") - (sign == "⟧")
            if not self.depth and sign != "⟧":
                self.outside += sign


def untranslated(text: str, *data: str) -> list[str]:
    """Words of `text` outside brackets that are none of `data`."""
    for known in sorted(data, key=len, reverse=True):
        text = text.replace(known, " ")
    return [line.strip() for line in text.splitlines() if re.search(r"[^\W\d_]{2,}", line)]


def data_of(row: Message) -> list[str]:
    """What is data in a mail: of its agreement, or of all of which it tells together."""
    data = ["SHA-256", "UTC"]
    for agreement in [one.agreement for one in row.parts] or [row.agreement]:
        volume = agreement.paper.volume
        data += [agreement.title, agreement.reference, agreement.paper_key, agreement.sealed_sha256 or "-"]
        data += [volume.name, volume.booktitle, volume.shortname, *agreement.authors]
    return data


# --- every page, in every state


def speaking(author: Author) -> Author:
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = BRACKETED
    return author


def stranger(**options: Any) -> Client:
    return browser(HTTP_ACCEPT_LANGUAGE=BRACKETED, **options)


def signing_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    author = speaking(author_of(make.agreement()))
    yield author.open()
    yield author.send()
    yield author.fill_in("Ada Lovelace")
    yield author.fill_in("李" * 200, same_name="on")
    yield author.fill_in("Mike \u202e Lewis")
    yield author.fill_in("Mike Lewis", drawing="nonsense")
    yield author.fill_in("Mike Lewis", step="sign")
    yield author.fill_in("Mike Lewis", shown="0" * 64)
    yield author.client.post(author.url, {"typed_name": "Mike Lewis", "authority": "on", "consent": "on"})
    yield author.fill_in("Mike Lewis")
    yield author.sign("Mike Lewis")
    yield author.open()
    for _ in range(5):
        yield author.fill_in("Mike Lewis", shown="0" * 64, step="sign")
    yield speaking(author_of(make.agreement("sealed"))).open()
    late = make.agreement()
    yield speaking(author_of(late, now=CLOSES + DAY)).open()
    broken = speaking(author_of(make.agreement()))
    broken.client.raise_request_exception = False
    with monkeypatch.context() as patch:
        patch.setattr(rendering, "render_form", lambda of: 1 / 0)
        yield broken.open()


def another_hour(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    agreements = [make.agreement() for _ in range(2)]
    author = speaking(author_of(agreements[0]))
    for _ in range(6):
        yield author.fill_in("Mike Lewis", shown="0" * 64, step="sign")
    assert "⟦an hour⟧" in author.fill_in("Mike Lewis", shown="0" * 64, step="sign").content.decode()
    make.sign(agreements[1])
    yield speaking(author_of(agreements[1])).open()  # the first still waits


def declining_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    author = speaking(author_of(make.agreement()))
    yield author.open("decline/")
    yield author.send("decline/", reason="x" * 2001)
    yield author.send("decline/", reason="No.", sure="on")
    yield author.open()


def delegation_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    agreement = make.agreement()
    to = make.coauthor(agreement, email="shruti@example.org")
    author = speaking(author_of(agreement))
    yield author.open("hand-over/")
    yield author.send("hand-over/")
    third = str(agreement.paper.authors.get(position=3).pk)
    yield author.send("hand-over/", to="0", sure="on")
    yield author.send("hand-over/", to=third, sure="on")
    yield author.send("hand-over/", to=third, sure="on", email="no address")
    yield author.send("hand-over/", to="somebody-else", sure="on")
    yield author.send("hand-over/", to="somebody-else", sure="on", email="a@b.example", name="Tim Dettmers")
    yield author.send("hand-over/", to="somebody-else", sure="on", email="a@b.example", name="W" * 150)
    yield author.send("hand-over/", to="somebody-else", sure="on", email="a@b.example", name="Ada Lovelace")
    yield author.send("hand-over/", to=third, sure="on", email="tim@example.org")
    yield author.send("hand-over/", to=str(to.pk), sure="on")
    other = make.agreement()
    to = make.coauthor(other, email="shruti@example.org")
    PaperAuthor.objects.filter(paper=other.paper_id, position=3).update(given="\ue000")
    yield speaking(author_of(other)).send("hand-over/", to=str(to.pk), sure="on")


def correcting_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    names = "Mike Lewis\nShruti Bhosale\nTim Dettmers"
    for wanted in (
        {"title": ""},
        {"title": "x" * 501},
        {"title": "\ue000"},
        {"authors": ""},
        {"authors": "x" * 201},
        {"authors": "W" * 150},
        {"note": "x" * 2001},
        {},
        {"title": "Another", "authors": names.replace("Shruti", "S.")},
        {"title": "Another", "authors": "Tim Dettmers"},
    ):
        agreement = make.agreement()
        author = speaking(author_of(agreement))
        page = author.open("correct/")
        yield page
        fields = {**fields_of(page), **wanted}
        yield author.client.post(f"{author.url}correct/", fields)
    yield author.client.post(f"{author.url}correct/", fields)


def objecting_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    agreement = make.agreement()
    make.coauthor(agreement, email="shruti@example.org")
    make.sign(agreement)
    notice = agreement.messages.get(kind=Kind.COAUTHOR)
    text = test_compose.text_of(test_compose.read(notice))
    path = re.search(r"http://testserver(/sign/object/\S+)", text)
    assert path
    client = stranger()
    yield client.get(path[1])
    yield client.post(path[1])
    yield client.post(path[1], {"reason": "x" * 2001})
    yield client.post(path[1], {"reason": "Nobody asked me.", "sure": "on"})


def paper_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    author = speaking(author_of(make.agreement()))

    def send(body: bytes, **options: Any) -> Any:
        hidden = hidden_in(author.open("paper/").content.decode())
        return author.client.post(
            f"{author.url}paper/", hidden | {"first": SimpleUploadedFile("form", body)}, **options
        )

    yield author.open("paper/")
    yield author.send("paper/")
    yield send(b"")
    yield send(b"Dear reader, this is no PDF at all.")
    yield send(b"x", CONTENT_LENGTH="30000000")
    yield send(photos.photo())
    yield author.open("paper/")
    yield author.open()
    returned = make.agreement("received")
    scan = signed_form.newest_form(returned)
    assert scan
    signed_form.send_back(returned, scan, list(checklist.AUTHOR_MESSAGES), "Sharper.", by="editor:ed", now=NOW)
    yield speaking(author_of(returned)).open("paper/")
    sealed = make.seal(make.accepted())
    yield speaking(author_of(sealed)).open()
    yield stranger().get(f"/sign/object/{make.token(sealed, purpose=Link.Purpose.OBJECT)}/")
    yield stranger().get("/verify/", {"sha256": sealed.sealed_sha256})


def later_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    client = stranger()
    for answers in (
        [{}, {"right": "no"}, {"right": "no", "words": "x" * 2001}, {"right": "no", "words": "It was right before."}],
        [{"right": "yes"}],
        [],
    ):
        edit = make.edit(make.agreement("signed"))
        path = f"/sign/edit/{later_token(edit.agreement, Kind.EDIT, Link.Purpose.EDIT)}/"
        yield client.get(path)
        for fields in answers:
            yield client.post(path, fields)
        if not answers:
            edits.undo(edit, reason="Asked by mail.", by="editor:ed", now=NOW)
        yield client.get(path)
    agreement = make.published(make.agreement("sealed"))
    assert publication.notify_authors(agreement.paper.volume, NOW.date(), now=NOW)
    path = f"/sign/correction/{later_token(agreement, Kind.PUBLISHED, Link.Purpose.CORRECT)}/"
    asked = {"nature": "pdf", "description": "Equation 3 lacks a sign."}
    for fields in ({}, asked | {"description": "x" * 4001}, asked | {"notes": "x" * 2001}, *[asked] * 12):
        yield client.post(path, fields)
    agreement.paper.volume.papers.update(public_id="")
    yield client.get(path)
    yield client.post(path, asked)


def later_token(agreement: Agreement, kind: str, purpose: Link.Purpose) -> str:
    """A token as a mail carries it that comes after the signature."""
    row = agreement.messages.filter(kind=kind).first()
    assert row
    url = links.create_link(row, purpose, expires_at=NOW + 30 * DAY, now=NOW)
    return url.rstrip("/").rpartition("/")[2]


def link_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    client = stranger()
    yield client.get("/")
    yield client.get("/nothing/")
    yield client.get("/signatures/")
    yield client.get(f"/sign/{'A' * 43}/")
    yield client.post(f"/sign/{'A' * 43}/fresh/")
    yield client.get("/sign/copy/")
    yield client.post("/sign/copy/")
    yield client.post("/sign/copy/", {"reference": "247-nobody-000000"})
    yield stranger(enforce_csrf_checks=True).post("/sign/copy/")
    yield client.post("/sign/copy/", dict.fromkeys(map(str, range(1001)), "x"))
    for _ in range(20):
        answer = client.post(f"/sign/{'A' * 43}/")
    yield answer
    yield client.post("/sign/copy/")
    agreement = make.agreement()
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    stop = f"/reminders/stop/{make.token(agreement, purpose=Link.Purpose.STOP)}/"
    yield client.get(stop)
    yield client.post(stop)
    sealed = make.token(make.agreement("sealed"), purpose=Link.Purpose.STOP)
    yield client.get(f"/reminders/stop/{sealed}/")


def verifying_pages(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    agreement = make.agreement("sealed")
    client = stranger()
    with storages["private"].open(agreement.sealed_file) as file:
        body = file.read()

    def upload(data: bytes) -> Any:
        return client.post("/verify/", {"file": SimpleUploadedFile("agreement.pdf", data, "application/pdf")})

    yield client.get("/verify/")
    yield client.post("/verify/")
    yield upload(b"")
    yield upload(body)
    yield upload(body[:900] + b"x" + body[901:])
    yield upload(body + b"xy")
    yield upload(body[:-100])
    yield upload(rendering.render_form(agreement))
    yield upload(b"%PDF-1.7 a bill")
    yield client.get("/verify/", {"sha256": "x"})
    yield client.get("/verify/", {"sha256": "0" * 64})
    yield client.get("/verify/", {"sha256": agreement.sealed_sha256})
    yield client.get("/verify/", {"agreement": agreement.reference})
    yield client.get("/verify/", {"agreement": "247-x"})


PAGES = {
    each.__name__: each
    for each in (
        signing_pages, another_hour, declining_pages, delegation_pages, correcting_pages, objecting_pages,
        paper_pages, later_pages, link_pages, verifying_pages,
    )
}  # fmt: skip
DATA = [
    "Esperanto",
    "Simplifying Training",
    "Mike Lewis",
    "Shruti Bhosale",
    "S. Bhosale",
    "Tim Dettmers",
    "Ada Lovelace",
    "W" * 150,
]
DATA += [
    "Conference on Learning Theory",
    "SHA-256",
    "PAdES",
    "B-B",
    "UTC",
    "Another",
    "247-x",
    "x" * 40,
    "Sharper.",
    "1 Nov 2026",
]


@pytest.mark.usefixtures("bracketed")
def test_every_word_of_every_page_comes_from_the_catalogue(monkeypatch: pytest.MonkeyPatch) -> None:
    rendered: set[str] = set()
    for name, pages in PAGES.items():
        for number, answer in enumerate(pages(monkeypatch)):
            if answer.status_code == 303:
                continue
            where = f"{name}, page {number} ({answer.status_code} {answer.request['PATH_INFO']})"
            rendered |= {template.name for template in answer.templates}
            reading = Reading(answer.content.decode())
            assert reading.language == BRACKETED, where
            references = Agreement.objects.values_list("reference", flat=True)
            keys = Agreement.objects.values_list("paper_key", flat=True)
            assert untranslated(ADDRESS.sub("", reading.outside), *DATA, *references, *keys) == [], where
            assert reading.depth == 0, where
    assert templates_for_authors("") - rendered == set(), "pages that no test has opened"


def templates_for_authors(folder: str) -> set[str]:
    """The templates of all pages but the desk's and the demo's."""
    root = ROOT / "templates"
    names = {path.relative_to(root).as_posix() for path in (root / folder).rglob("*.*")}
    editor_client = {"403.html", "agreements/download_expired.html"}
    return {name for name in names - editor_client if not re.match(r"admin/|agreements/demo/|agreements/mail/", name)}


# --- every mail

TO_AUTHORS = kinds_where(lambda row: row.is_to_authors)
SAID = [
    "A Better Title",
    "The title changed.",
    "The camera-ready has the old title.",
    "The proof of Lemma 2",
    "x may be 0.",
]
SAID += ["Equation 3 lacks a sign.", "It is right.", "And sharper, please."]
"""What authors and editors said in their own words."""


@pytest.mark.usefixtures("bracketed")
@pytest.mark.parametrize("kind", TO_AUTHORS)
def test_every_word_of_every_email_to_authors_comes_from_the_catalogue(kind: str) -> None:
    row = test_compose.message(kind)
    addresses.remember_language(row.recipient, BRACKETED)
    for now in (NOW, CLOSES - make.HOUR, CLOSES + DAY):
        mail = test_compose.read(row, now)
        data = [*data_of(row), *SAID]
        plain, page = test_compose.text_of(mail), Reading(test_compose.text_of(mail, "html"))
        said = Reading(ADDRESS.sub("", plain).replace("<", "‹"))
        assert untranslated(said.outside, *data) == []
        assert untranslated(ADDRESS.sub("", page.outside), *data) == []
        assert page.language == BRACKETED
        subject = str(mail["Subject"]).strip()
        assert untranslated(Reading(subject).outside, *data) == []
        assert subject.startswith("⟦")
        assert plain.count("⟦") == plain.count("⟧") > 2


@pytest.mark.usefixtures("bracketed")
def test_standard_reasons_are_translated_and_an_editors_text_is_not() -> None:
    ours = ["⟦Signing was delegated to Shruti Bhosale.⟧", "⟦Changed as the author requested.⟧"]
    for reason in (*ours, "Because I say so."):
        agreement = make.agreement()
        if "delegated" in reason:
            successor = delegate.delegate(agreement, make.coauthor(agreement, email="shruti@example.org"), now=NOW)
        elif "Changed" in reason:
            successor = change_requests.accept(make.change_request(agreement), by="editor:ed", now=NOW)
        else:
            successor = lifecycle.replace(agreement, reason=reason, by="editor:ed", now=NOW)
        addresses.remember_language(successor.signer_email, BRACKETED)
        text = test_compose.text_of(test_compose.read(make.invitation(successor)))
        assert f"⟦It replaces the agreement that we sent before. {reason}⟧" in text
        assert Agreement.objects.get(pk=agreement.pk).reason == reason.strip("⟦⟧")


# --- in which language a mail is


FIRST_WORDS = {"en": "Dear Mike Lewis,", "fr": "Bonjour Mike Lewis,", "zh-hans": "Mike Lewis，您好："}


def first_line(row: Message) -> str:
    return test_compose.text_of(test_compose.read(row)).splitlines()[0]


def test_emails_are_in_the_language_of_the_volume_until_the_author_uses_another() -> None:
    agreement = make.agreement(of=make.paper(make.volume(language="fr")))
    row = make.invitation(agreement)
    assert first_line(row) == FIRST_WORDS["fr"]
    addresses.remember_language("MIKE@example.org", "zh-hans")
    assert first_line(row) == FIRST_WORDS["zh-hans"]
    addresses.remember_language("mike@example.org", "en")
    assert first_line(row) == FIRST_WORDS["en"]
    assert translation.get_language() == "en"


@pytest.mark.parametrize("kind", sorted(set(Kind) - set(TO_AUTHORS)))
def test_editors_read_english(kind: str) -> None:
    row = test_compose.message(kind)
    SigningSettings.objects.update(language="fr")
    row = Message.objects.get(pk=row.pk)
    addresses.remember_language(row.recipient, "fr")
    mail = test_compose.read(row)
    assert "Accord" not in test_compose.text_of(mail)
    assert 'lang="en"' in test_compose.text_of(mail, "html")


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans"])
@pytest.mark.parametrize("kind", TO_AUTHORS)
def test_in_every_language_both_parts_of_an_email_have_the_same_text_deadline_and_link(
    kind: str, language: str
) -> None:
    row = test_compose.message(kind)
    addresses.remember_language(row.recipient, language)
    mail = test_compose.read(row)
    plain, page = test_compose.text_of(mail), test_compose.text_of(mail, "html")
    assert f'<html lang="{language}">' in page
    visible = html.unescape(re.sub(r"<[^>]+>", " ", page))
    said = test_compose.words(re.sub(r"http\S+", "", plain))
    assert [word for word in said if word not in test_compose.words(visible)] == []
    assert set(test_compose.LINK.findall(plain)) == set(test_compose.LINK.findall(page))
    if KINDS[Kind(kind)].signs:
        with translation.override(language):
            deadline = row.agreement.paper.volume.signing_settings.deadline_in_words
        assert "30" in deadline
        assert deadline in plain
        assert deadline in page
        assert len(set(test_compose.LINK.findall(plain))) == 1


def test_an_editor_chooses_the_language_of_a_volumes_emails_from_those_available() -> None:
    volume = make.volume()
    editor_client = client_for(make.editor("ed", volume))
    path = f"/admin/proceedings/volume/{volume.pk}/change/"
    page = editor_client.get(path)
    options = re.findall(
        r'<option value="([a-z-]+)"(?: selected)?>(English|French|Simplified Chinese)<', page.content.decode()
    )
    assert dict(options) == {"en": "English", "fr": "French", "zh-hans": "Simplified Chinese"}
    assert editor_client.post(path, fields_of(page) | {"signing_settings-0-language": "fr"}).status_code == 302
    assert SigningSettings.objects.get(volume=volume).language == "fr"
    assert editor_client.post(path, fields_of(page) | {"signing_settings-0-language": "tlh"}).status_code == 200
    with pytest.raises(ValidationError, match="'tlh' is not available"):
        SigningSettings(language="tlh").clean_fields(exclude=["volume", "deadline"])


ACTS: dict[str, tuple[str, dict[str, str]]] = {
    "review": ("", {"typed_name": "Mike Lewis", "authority": "on", "consent": "on"}),
    "decline": ("decline/", {"sure": "on"}),
    "correct": ("correct/", {"title": "Another", "authors": "Mike Lewis\nShruti Bhosale\nTim Dettmers"}),
    "hand over": ("hand-over/", {"sure": "on", "to": "2"}),
    "propose": ("hand-over/", {"sure": "on", "to": "3", "email": "tim@example.org"}),
}


@pytest.mark.parametrize("act", ACTS)
def test_submitting_a_page_sets_the_language_of_emails_and_reading_does_not(act: str) -> None:
    agreement = make.agreement()
    to = {"2": make.coauthor(agreement, email="shruti@example.org"), "3": agreement.paper.authors.get(position=3)}
    path, fields = ACTS[act]
    fields = fields | ({"to": str(to[fields["to"]].pk)} if "to" in fields else {})
    author = author_of(agreement)
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr-CA,fr;q=0.9,en;q=0.5"
    before = all_rows()
    author.open(path)
    assert author.client.post(author.url + path).status_code in (400, 403)
    assert all_rows() == before
    assert author.send(path, **fields).status_code == 200
    assert EmailAddress.objects.get(address="mike@example.org").language == "fr"


def test_who_objects_is_written_to_in_their_language_and_not_the_signer() -> None:
    agreement = make.agreement()
    make.coauthor(agreement, email="shruti@example.org")
    make.sign(agreement)
    token = make.token(agreement, purpose=Link.Purpose.OBJECT)
    Link.objects.filter(purpose=Link.Purpose.OBJECT).update(message=agreement.messages.get(kind=Kind.COAUTHOR))
    client = browser(HTTP_ACCEPT_LANGUAGE="zh")
    assert client.post(f"/sign/object/{token}/", {"reason": "No.", "sure": "on"}).status_code == 200
    assert addresses.find_languages(["shruti@example.org", "mike@example.org"]) == {"shruti@example.org": "zh-hans"}


# --- what is kept does not depend on it


def kept(agreement: Agreement) -> str:
    """Everything on record about an agreement, without what differs from one to the next."""
    agreement = Agreement.objects.get(pk=agreement.pk)
    events = [event.content(agreement.reference) for event in agreement.events.order_by("number")]
    columns = {name: str(value) for name, value in vars(agreement).items() if not re.search("^_|id$", name)}
    text = json.dumps([events, columns], default=str)
    for own in (agreement.reference, agreement.paper_key, agreement.title):
        text = text.replace(own, "…")
    return re.sub(r'[0-9a-f]{64}|"language": "[\w-]*"|"(sealed_)?(size|file)": [^,]*', "…", text)


def scenario(language: str, act: str) -> str:
    """The record of what an author of one paper does, in one language."""
    agreement = make.agreement()
    make.coauthor(agreement, email="shruti@example.org")
    author = author_of(agreement)
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    if act == "sign":
        assert author.sign("Mike Lewis").status_code == 303
        with translation.override(language):
            make.seal(Agreement.objects.get(pk=agreement.pk))
    elif act == "decline":
        assert author.send("decline/", sure="on", reason="No.").status_code == 200
    elif act == "correct":
        fields = {"title": "Another", "authors": "Tim Dettmers\nMike Lewis"}
        assert author.send("correct/", **fields).status_code == 200
    else:
        to = agreement.paper.authors.get(position=2 if act == "hand over" else 3)
        email = {"email": "tim@example.org"} if act == "propose" else {}
        assert author.send("hand-over/", to=str(to.pk), sure="on", **email).status_code == 200
    return kept(agreement)


@pytest.mark.parametrize("act", ["sign", "decline", "correct", "hand over", "propose"])
@pytest.mark.parametrize("language", ["fr", "zh-hans"])
def test_the_record_is_the_same_in_every_language(language: str, act: str) -> None:
    assert scenario(language, act) == scenario("en", act)


def test_the_language_of_the_page_is_on_record_with_the_signature() -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = "fr"
    author.sign("Mike Lewis")
    signed = agreement.events.get(kind="sign").data
    assert signed["language"] == "fr"
    assert signed["consent"].startswith("I agree to read, sign and receive this one agreement in electronic form.")


@pytest.mark.parametrize("language", ["fr", "zh-hans", "en"])
def test_the_form_and_the_evidence_are_the_same_bytes_in_every_language(
    language: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seal, "complete", lambda *parts: parts)  # which puts them together under a random id
    agreement = make.agreement("signed")
    shown = bytes(agreement.shown.body)
    english = rendering.render_form(agreement), rendering.complete_form(agreement, shown)
    with translation.override(language):
        assert (rendering.render_form(agreement), rendering.complete_form(agreement, shown)) == english


@pytest.mark.parametrize("language", ["fr", "zh-hans"])
def test_machines_are_answered_in_english(language: str) -> None:
    agreement = make.agreement("sealed")
    client = browser(HTTP_ACCEPT_LANGUAGE=language)
    answers = {
        "digest": {"sha256": agreement.sealed_sha256},
        "unknown": {"sha256": "0" * 64},
        "wrong": {"sha256": "x"},
        "reference": {"agreement": agreement.reference},
    }
    for query in answers.values():
        ask = {**query, "format": "json"}
        assert client.get("/verify/", ask).json() == Client().get("/verify/", ask).json()
    refused = client.post("/verify/?format=json").json()
    assert refused == {"error": "Choose a PDF file."}
    found = client.get("/verify/", {"sha256": agreement.sealed_sha256, "format": "json"}).json()
    assert found["headline"] == verification.UNCHANGED


# --- the statements and the publisher's text


L02 = {
    "fr": [
        "le signer sur papier à la place, sans frais, de la manière proposée sur cette page",
        "retirer ce consentement en quittant cette page ou en refusant",
        "ce seul accord",
        "corriger mon adresse électronique en répondant au message",
        "un navigateur et un programme qui ouvre les fichiers PDF",
    ],
    "zh-hans": [
        "通过本页提供的方式，免费改为在纸上签署",
        "在签署之前，我可以离开本页或拒绝签署，以撤回此项同意",
        "这一份协议",
        "回复引导我来此的邮件，更正我的电子邮箱地址",
        "需要浏览器以及能打开 PDF 文件的程序",
    ],
}


@pytest.mark.parametrize(("language", "words"), [(code, words) for code, all_ in L02.items() for words in all_])
def test_l02_what_is_to_be_said_before_consent_is_said_in_the_readers_language_too(language: str, words: str) -> None:
    author = author_of(make.agreement())
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    assert words in author.open().content.decode()


@pytest.mark.parametrize("language", ["en", "fr", "zh-hans"])
def test_the_english_that_is_agreed_to_is_marked_as_english_and_comes_first(language: str) -> None:
    agreement = make.agreement()
    author = author_of(agreement)
    author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
    for page in (author.open().content.decode(), author.fill_in("Mike Lewis").content.decode()):
        for statement in (statements.consent(), statements.authority(agreement.facts)):
            assert f'<span lang="en">{statement.text}</span>' in re.sub("</?bdi>", "", page)
        assert ('class="beside"' in page) == (language != "en")
        assert re.search(
            r'<section class="agreement"[^>]*>\s*(<p class="help">.*</p>\s*)?<div lang="en" dir="ltr">', page
        )
        assert f'<html lang="{language}">' in page


def test_a_first_page_in_another_language_is_still_small() -> None:
    for language in ("fr", "zh-hans"):
        author = author_of(make.agreement())
        author.client.defaults["HTTP_ACCEPT_LANGUAGE"] = language
        assert len(author.open().content) < 25_000


def test_the_expired_link_page_is_the_same_for_every_link_in_every_language() -> None:
    dead = make.token(make.agreement("declined"))
    for language in ("fr", "zh-hans"):
        client = browser(HTTP_ACCEPT_LANGUAGE=language)
        one, other = (client.get(f"/sign/{token}/") for token in (dead, "A" * 43))
        assert (one.status_code, one.content) == (other.status_code, other.content)
        assert dead not in one.content.decode()


def test_a_new_link_email_is_in_the_language_of_its_recipient() -> None:
    agreement = make.agreement()
    browser(HTTP_ACCEPT_LANGUAGE="fr").post(f"/sign/{make.token(agreement)}/fresh/")
    assert link_requests.answer_requests(NOW) == 1
    assert first_line(agreement.messages.get(kind=Kind.FRESH)) == FIRST_WORDS["en"]
