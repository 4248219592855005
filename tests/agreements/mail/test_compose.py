"""A row of the outbox -> the mail: for one person, about one paper, with the same words in text and HTML."""

import html
import re
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime

import pytest
from django.core.exceptions import ValidationError
from django.core.files.storage import storages

from agreements import lifecycle
from agreements.delivery import publication
from agreements.domain.facts import sha256
from agreements.jobs import digest
from agreements.lifecycle import delegate, signed_form
from agreements.mail import compose, links, outbox
from agreements.mail.encoding import encode_email
from agreements.mail.kinds import kinds_where
from agreements.mail.transports import Outcome
from agreements.models import Agreement, Link, Message, SigningSettings
from agreements.requests import change_requests, corrections, edits, link_requests, objections
from proceedings.models import Author
from tests import make
from tests.make import CLOSES, DAY, HOUR, NOW

pytestmark = [pytest.mark.django_db, pytest.mark.alone]

Kind = Message.Kind
ABOUT_ONE = sorted(set(Kind.values) - {Kind.TOGETHER, Kind.EDITOR_DAILY})
"""Of one agreement; the others are of a volume."""
BY_SCHEDULED_JOB = {Kind.REMINDER, Kind.LAST_CALL, Kind.UNSIGNED, Kind.TOGETHER, Kind.EDITOR_DAILY}
LINK = re.compile(r"http://testserver/sign/(?:copy/|object/|edit/|correction/)?([A-Za-z0-9_-]{43})/")


def message(kind: str, of: Agreement | None = None) -> Message:
    """A message of that kind, queued by the move that queues it."""
    if kind in BY_SCHEDULED_JOB:
        return queued_by_scheduled_job(kind, of or make.agreement("issued"))
    if kind in (Kind.EDIT, Kind.EDITOR_EDIT, Kind.PUBLISHED, Kind.EDITOR_CORRECTION, Kind.CORRECTION):
        row = queued_after_signing(kind, of or make.agreement("issued")).messages.filter(kind=kind).first()
        assert row
        return row
    if kind not in (Kind.EDITOR_STOPPED, Kind.EDITOR_REFUSED, Kind.EDITOR_RECEIVED, Kind.SENT_BACK):
        return queued_by_transition(kind, of)
    of = of or make.agreement("issued")
    if kind == Kind.EDITOR_STOPPED:
        lifecycle.stop_reminders(of, now=NOW)
    elif kind in (Kind.EDITOR_RECEIVED, Kind.SENT_BACK):
        scan = make.receive(of)
        if kind == Kind.SENT_BACK:
            signed_form.send_back(of, scan, ["date"], "And sharper, please.", by="editor:ed", now=NOW)
    else:
        outbox.record_result(
            outbox.claim(NOW)[0], Outcome.address_rejected("550 no such user"), NOW, lifecycle.record_mail_result
        )
    return of.messages.get(kind=kind)


def queued_by_scheduled_job(kind: str, of: Agreement) -> Message:
    match kind:
        case Kind.REMINDER:
            return make.reminder(of)
        case Kind.LAST_CALL:
            return make.reminder(of, "r1:T-1")
        case Kind.UNSIGNED:
            return make.ask_coauthor(of)
        case Kind.TOGETHER:
            return make.combined_reminder(of, make.agreement("issued"))
    make.agreement("declined", of=make.paper(of.paper.volume))
    make.editor("ed", of.paper.volume)
    SigningSettings.objects.update(daily_at=NOW)
    assert digest.queue_due(NOW) == 1
    return Message.objects.get(kind=kind)


def queued_after_signing(kind: str, of: Agreement) -> Agreement:
    """What is mailed about edits, the publication and corrections."""
    if of.status == "issued":
        make.sign(of)
    if kind in (Kind.EDIT, Kind.EDITOR_EDIT):
        edit = make.edit(of)
        if kind == Kind.EDITOR_EDIT:
            edits.record_answer(edit, confirmed=False, answer="It was right before.", now=NOW)
        return of
    of = make.published(make.seal(of) if of.status == "signed" else of)
    if kind == Kind.PUBLISHED:
        assert publication.notify_authors(of.paper.volume, NOW.date(), now=NOW)
    else:
        asked = make.correction(of)
        if kind == Kind.CORRECTION:
            corrections.reject(asked, reason="It is right.", by="editor:ed", now=NOW)
    return of


def queued_by_transition(kind: str, of: Agreement | None = None) -> Message:
    match kind:
        case Kind.INVITATION:
            return make.invitation(of or make.agreement("issued"))
        case Kind.RECEIPT:
            return (of or make.agreement("sealed")).messages.get(kind=kind)
        case Kind.FRESH | Kind.COPY:
            of = of or make.agreement("issued" if kind == Kind.FRESH else "sealed")
            assert link_requests.send_link(of, NOW)
        case Kind.COAUTHOR | Kind.EDITOR_OBJECTED:
            of = of or make.agreement("issued")
            make.coauthor(of, email="shruti@example.org")
            make.sign(of)
            if kind == Kind.EDITOR_OBJECTED:
                objections.record_objection(of, by="Shruti Bhosale", reason="Nobody asked me.", now=NOW)
        case Kind.HANDED_OVER | Kind.EDITOR_HANDED_OVER:
            of = of or make.agreement("issued")
            delegate.delegate(of, make.coauthor(of, email="shruti@example.org"), now=NOW)
        case Kind.EDITOR_PROPOSAL | Kind.PROPOSAL_REFUSED:
            of = of or make.agreement("issued")
            made = make.change_request(of, note="We renamed it.")
            if kind == Kind.PROPOSAL_REFUSED:
                change_requests.reject(made, reason="The camera-ready has the old title.", by="editor:ed", now=NOW)
        case _:
            of = of or make.agreement("declined")
    return of.messages.get(kind=kind)


def read(row: Message, now: datetime = NOW) -> EmailMessage:
    """The mail as its receiver's program reads it."""
    mail = message_from_bytes(encode_email(compose.compose(row, now)), policy=policy.default)
    assert not mail.defects
    return mail


def text_of(mail: EmailMessage, kind: str = "plain") -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content())


def words(text: str) -> list[str]:
    return re.findall(r"\w+", text)


@pytest.mark.parametrize("kind", Kind.values)
def test_every_kind_has_the_same_text_in_both_parts(kind: str) -> None:
    mail = read(message(kind))
    plain, page = text_of(mail), text_of(mail, "html")
    visible = html.unescape(re.sub(r"<head>.*?</head>|<style>.*?</style>|<[^>]+>", " ", page, flags=re.DOTALL))
    assert kind == Kind.PUBLISHED or "{" not in plain + page  # which has an entry in BibTeX
    # The button says in words what the text says with an address.
    said = words(re.sub(r"http\S+", "", plain))
    assert [word for word in said if word not in words(visible)] == []
    assert set(LINK.findall(plain)) == set(LINK.findall(page))


@pytest.mark.parametrize("kind", ABOUT_ONE)
def test_every_kind_names_paper_and_agreement_and_does_not_answer_machines(kind: str) -> None:
    row = message(kind)
    mail = read(row)
    assert mail["Message-ID"] == row.message_id
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Reply-To"] == "chair@desk.example"
    assert mail["From"].addresses[0].addr_spec == "desk@proceedings.example"
    assert parsedate_to_datetime(mail["Date"]) == NOW
    assert [address.addr_spec for address in mail["To"].addresses] == [row.recipient]
    assert mail["Cc"] is mail["Bcc"] is None
    assert row.agreement.title in text_of(mail)
    assert f"Agreement {row.agreement.reference}" in text_of(mail).splitlines()
    assert mail["Subject"].strip()


@pytest.mark.parametrize("kind", sorted(set(ABOUT_ONE) - {Kind.INVITATION}))
def test_all_emails_about_an_agreement_keep_together(kind: str) -> None:
    row = message(kind)
    mail = read(row)
    first = make.invitation(row.agreement).message_id
    assert mail["References"] == mail["In-Reply-To"] == first
    assert read(make.invitation(row.agreement))["References"] is None


@pytest.mark.parametrize("kind", kinds_where(lambda row: row.signs))
def test_the_link_signs_and_lives_past_the_deadline(kind: str) -> None:
    row = message(kind)
    (token,) = set(LINK.findall(text_of(read(row))))
    link = links.find_link(token, Link.Purpose.SIGN, CLOSES + 29 * DAY)
    assert link is not None
    assert (link.agreement, link.message) == (row.agreement, row)
    assert links.find_link(token, Link.Purpose.SIGN, CLOSES + 30 * DAY) is None


def test_a_reminder_long_after_the_deadline_has_a_link_that_works() -> None:
    row = message(Kind.REMINDER)
    late = CLOSES + 100 * DAY
    (token,) = set(LINK.findall(text_of(read(row, late))))
    assert links.find_link(token, Link.Purpose.SIGN, late + 29 * DAY) is not None


def test_each_email_has_a_token_of_its_own() -> None:
    row = message(Kind.INVITATION)
    tokens = [LINK.findall(text_of(read(row)))[0] for _ in range(3)]
    assert len(set(tokens)) == 3
    assert all(links.find_link(token, Link.Purpose.SIGN, NOW) for token in tokens), (
        "a retry kills no link that may have left"
    )


@pytest.mark.parametrize("kind", sorted(set(ABOUT_ONE) - set(kinds_where(lambda row: bool(row.links)))))
def test_other_emails_carry_no_token(kind: str) -> None:
    mail = read(message(kind))
    assert LINK.findall(text_of(mail) + text_of(mail, "html")) == []
    assert Link.objects.count() == 0


def test_the_editors_notice_has_the_reason_and_a_link_to_the_admin_and_no_secret() -> None:
    row = message(Kind.EDITOR_DECLINED)
    text = text_of(read(row))
    assert "The title changed." in text
    assert f"http://testserver/admin/agreements/agreement/{row.agreement_id}/change/" in text


@pytest.mark.parametrize("kind", [Kind.RECEIPT, Kind.COPY])
def test_the_receipt_brings_the_sealed_file_and_a_link_to_it(kind: str) -> None:
    row = message(kind)
    mail = read(row)
    (attached,) = mail.iter_attachments()
    assert attached.get_filename() == f"{row.agreement.paper_key}Permission.pdf"
    assert attached.get_content_type() == "application/pdf"
    assert sha256(attached.get_content()) == row.agreement.sealed_sha256
    (token,) = set(LINK.findall(text_of(mail)))
    assert links.find_link(token, Link.Purpose.COPY, NOW + 365 * DAY) is not None


def test_the_first_email_of_a_replacement_says_what_it_replaces() -> None:
    agreement = make.agreement("issued")
    successor = delegate.delegate(agreement, make.coauthor(agreement, email="shruti@example.org"), now=NOW)
    mail = read(make.invitation(successor))
    assert [address.addr_spec for address in mail["To"].addresses] == ["shruti@example.org"]
    assert "Signing was delegated to Shruti Bhosale." in text_of(mail)
    assert "Signing was delegated to Shruti Bhosale." in text_of(mail, "html")
    assert "It replaces" not in text_of(read(make.invitation(make.agreement("issued"))))


@pytest.mark.parametrize("kind", [Kind.EDITOR_PROPOSAL, Kind.PROPOSAL_REFUSED])
def test_emails_about_a_change_request_show_the_difference(kind: str) -> None:
    text = text_of(read(message(kind)))
    assert "Before: Simplifying Training" in text
    assert "After: A Better Title" in text
    said = "The camera-ready has the old title." if kind == Kind.PROPOSAL_REFUSED else "We renamed it."
    assert said in text


def test_without_its_file_a_receipt_is_not_written() -> None:
    row = message(Kind.RECEIPT)
    storages["private"].delete(row.agreement.sealed_file)
    with pytest.raises(OSError, match="No such file"):
        compose.compose(row, NOW)


@pytest.mark.parametrize(
    ("now", "said", "subject"),
    [
        (
            CLOSES - 7 * DAY,
            ["is still awaiting your signature", "Please sign by 30 November 2026, 23:59 anywhere on Earth"],
            "Reminder",
        ),
        (CLOSES - HOUR, ["Today is the last day", "Please sign by 30 November 2026"], "Reminder"),
        (CLOSES, ["is overdue", "The deadline was 30 November 2026, 23:59 anywhere on Earth. You can"], "Overdue"),
    ],
)
def test_a_reminder_knows_how_late_it_is(now: datetime, said: list[str], subject: str) -> None:
    mail = read(message(Kind.REMINDER), now)
    for words_ in said:
        assert words_ in text_of(mail)
    assert mail["Subject"].strip().startswith(subject)


HARD = [
    "R&D for Q&A when p<0.05",
    "Über <b>alles</b> — “quoted”",
    "The $\\ell_1$ norm of {{ agreement.signer }}",
    "深層学習の理論",
    "a\u2028b",
]


@pytest.mark.parametrize("title", HARD)
@pytest.mark.parametrize("kind", ABOUT_ONE)
def test_a_title_is_shown_as_it_is_and_makes_no_markup(kind: str, title: str) -> None:
    row = message(kind, None)
    row.agreement.title = title  # as it would be frozen: only the letter is asked here, nothing is written
    mail, title = read(row), title.replace(r"$\ell_1$", "ℓ₁")
    assert title in text_of(mail)
    page = text_of(mail, "html")
    assert "<b>" not in page
    assert html.escape(title) in page or title in html.unescape(page)


def test_a_title_with_a_line_break_makes_one_subject() -> None:
    row = message(Kind.INVITATION)
    row.agreement.title = "One\r\nBcc: everyone@example.org\nTwo"
    mail = read(row)
    assert mail["Bcc"] is None
    assert "One Bcc: everyone@example.org Two" in mail["Subject"]


@pytest.mark.parametrize(
    "name", ["Lewis, Mike", 'Mike "The" Lewis', "Zoë Ångström", "李 明", "a <b@example.org>", "x" * 400]
)
def test_a_name_does_not_become_an_address(name: str) -> None:
    row = message(Kind.INVITATION)
    row.agreement.signer = name
    (address,) = read(row)["To"].addresses
    assert (address.addr_spec, address.display_name) == ("mike@example.org", name)


@pytest.mark.parametrize("name", ["Mike\nBcc: a@example.org", "Mike\rLewis"])
def test_a_name_that_would_forge_a_header_fails_its_own_email(name: str) -> None:
    row = message(Kind.INVITATION)
    row.agreement.signer = name
    with pytest.raises(ValueError, match="CR or LF"):
        compose.compose(row, NOW)


def test_without_an_address_for_answers_there_is_no_reply_to() -> None:
    agreement = make.agreement("issued", of=make.paper(make.volume(reply_to="")))
    assert read(make.invitation(agreement))["Reply-To"] is None


def test_of_many_emails_each_holds_its_own_token_name_and_title_and_no_others() -> None:
    volume = make.volume()
    rows = []
    for number in range(40):
        paper = make.paper(volume, contact=f"author{number}@example.org", title=f"Title number {number:03}.")
        Author.objects.filter(paper=paper, position=1).update(family=f"Family{number:03}")
        rows.append(make.invitation(make.agreement("issued", of=paper)))
    seen: set[str] = set()
    for number, row in enumerate(rows):
        mail = read(row)
        whole = text_of(mail) + text_of(mail, "html") + str(mail["To"]) + mail["Subject"]
        assert set(re.findall(r"Title number (\d+)", whole)) == {f"{number:03}"}
        assert set(re.findall(r"Family(\d+)", whole)) == {f"{number:03}"}
        assert set(re.findall(r"author(\d+)@", whole)) == {str(number)}
        (token,) = set(LINK.findall(whole))
        assert token not in seen
        seen.add(token)
        link = links.find_link(token, Link.Purpose.SIGN, NOW)
        assert link is not None
        assert link.agreement_id == row.agreement_id


@pytest.mark.parametrize("address", ["a@example.org, b@example.org", "a@example.org\nBcc: b@example.org"])
def test_what_is_not_one_address_is_rejected_where_it_comes_in(address: str) -> None:
    author = Author.objects.filter(paper=make.paper(), position=2).get()
    author.email = address
    with pytest.raises(ValidationError):
        author.full_clean()


@pytest.mark.parametrize("address", ["Doe, Jane <a@example.org>", "a@example.org\n", "mailto:a@EXAMPLE.org"])
def test_an_address_is_cleaned_where_it_comes_in(address: str) -> None:
    author = Author.objects.filter(paper=make.paper(), position=2).get()
    author.email = address
    author.full_clean()
    assert author.email == "a@example.org"
