"""The prepared frame says what Django's own writer says."""

from email import message_from_bytes, policy
from email.message import EmailMessage as Parsed

import pytest
from django.core.mail import EmailMessage, EmailMultiAlternatives
from hypothesis import given
from hypothesis import strategies as st

from agreements.mail import encoding
from agreements.mail.headers import format_address

STAMPS = {"Message-ID": "<1@desk.example>", "Date": "Sun, 01 Nov 2026 09:00:00 +0000"}
LINK = f"<https://desk.example/reminders/stop/{'x' * 43}/>"


def letter(subject: str = "Sign", body: str = "Please.\n", name: str = "Mike Lewis", **headers: str) -> EmailMessage:
    mail = EmailMultiAlternatives(
        subject,
        body,
        format_address("Über proceedings", "desk@proceedings.example"),
        [format_address(name, "mike@example.org")],
        reply_to=["chair@desk.example"],
        headers=STAMPS | headers,
    )
    mail.attach_alternative(f"<p>{body}</p>", "text/html")
    return mail


def read(body: bytes) -> Parsed:
    parsed = message_from_bytes(body, policy=policy.default)
    assert not parsed.defects
    return parsed


def said(mail: Parsed) -> dict[str, str]:
    skipped = {"content-type"}  # its boundary is by chance
    heads = {name.lower(): " ".join(str(value).split()) for name, value in mail.items() if name.lower() not in skipped}
    for kind in ("plain", "html"):
        part = mail.get_body((kind,))
        assert part is not None
        heads[kind] = part.get_content().replace("\r\n", "\n").rstrip("\n")
    return heads


TEXT = st.text(st.characters(exclude_categories=["Cs", "Cc"], exclude_characters="\u2028\u2029\x85"), max_size=120)


@given(TEXT, TEXT, TEXT.filter(lambda name: name == name.strip()))
def test_the_frame_says_what_django_says(subject: str, body: str, name: str) -> None:
    subject = " ".join(subject.split())
    mail = letter(subject, body + "\n.\nend\n", name)
    framed = encoding.encode_plain(mail)
    assert said(read(framed)) == said(read(mail.message().as_bytes(linesep="\r\n")))


def test_the_way_to_stop_reminders_stays_on_one_line() -> None:
    """Some programs do not unfold it, and some servers fold it wrongly once it has been folded."""
    body = encoding.encode_email(letter(**{"List-Unsubscribe": LINK}))
    assert f"\r\nList-Unsubscribe: {LINK}\r\n".encode() in body


@pytest.mark.parametrize("header", ["Subject", "X-Title"])
def test_a_line_break_in_a_header_is_rejected(header: str) -> None:
    mail = letter("a\r\nBcc: all@example.org") if header == "Subject" else letter(**{header: "a\nb"})
    with pytest.raises(ValueError, match="newlines"):
        encoding.encode_email(mail)


def plain() -> EmailMessage:
    return EmailMessage("S", "one\n", "a@example.org", ["b@example.org"], headers=STAMPS)


def attached() -> EmailMessage:
    mail = letter()
    mail.attach("form.pdf", b"%PDF-", "application/pdf")
    return mail


@pytest.mark.parametrize("make", [plain, attached, lambda: letter(body="x" * 999), lambda: letter("Sign " * 250)])
def test_what_the_frame_has_no_place_for_is_written_by_django(make: object) -> None:
    assert callable(make)
    mail = make()
    with pytest.raises(encoding.UnsupportedEmailError):
        encoding.encode_plain(mail)
    body = encoding.encode_email(mail)
    assert max(map(len, body.split(b"\r\n"))) <= 998
    assert read(body)["Message-ID"] == STAMPS["Message-ID"]
