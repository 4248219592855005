"""A message row -> the mail itself, in text and HTML with the same words. Reads rows; makes the mail's own link."""

from datetime import datetime, timedelta
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template.loader import render_to_string

from agreements import links
from agreements.models import Agreement, Link, Message

Kind = Message.Kind

SIGN_LINK_LIFE = timedelta(days=30)
"""After the deadline, or after the mail if that is later: late authors are welcome."""

COPY_LINK_LIFE = timedelta(days=366)

TO_SIGNER = {Kind.INVITATION, Kind.REMINDER, Kind.RECEIPT, Kind.DECLINED}


def compose(message: Message, now: datetime) -> EmailMessage:
    """The mail for one outbox row. Raises whatever makes it impossible to write; the caller settles that."""
    agreement = message.agreement
    terms = agreement.paper.volume.terms
    context = {
        "agreement": agreement,
        "volume": agreement.paper.volume,
        "deadline": terms.deadline_in_words,
        "late": now >= terms.closes_at,
        "days_left": (terms.closes_at - now).days,
        "link": make_link(message, terms.closes_at, now),
        "desk": f"{settings.PUBLIC_BASE_URL}/admin/agreements/agreement/{agreement.pk}/change/",
    }
    template = f"agreements/mail/{message.kind}"
    # A title may hold a line break that a header must not; the template engine adds one at the end anyway.
    subject = " ".join(render_to_string(f"{template}.subject.txt", context).split())
    mail = EmailMultiAlternatives(
        subject=subject,
        body=render_to_string(f"{template}.txt", context),
        from_email=named(f"{agreement.paper.volume.shortname} proceedings", settings.DEFAULT_FROM_EMAIL),
        to=[named(agreement.signer if message.kind in TO_SIGNER else "", message.recipient)],
        reply_to=[terms.reply_to] if terms.reply_to else None,
        headers={"Message-ID": message.message_id, "Date": format_datetime(now), "Auto-Submitted": "auto-generated"}
        | thread(message),
    )
    mail.attach_alternative(render_to_string(f"{template}.html", context), "text/html")
    if message.kind == Kind.RECEIPT:
        mail.attach(f"{agreement.paper_key}Permission.pdf", sealed_copy(agreement), "application/pdf")
    return mail


def named(name: str, address: str) -> str:
    """A header's address with a name before it. Raises ValueError where one of them would end or forge the header."""
    return str(Address(display_name=name, addr_spec=parseaddr(address)[1]))


def make_link(message: Message, closes_at: datetime, now: datetime) -> str:
    """The link that this kind of mail carries, made for it alone; empty where it carries none."""
    if message.kind in (Kind.INVITATION, Kind.REMINDER):
        return links.make(message, Link.Purpose.SIGN, expires_at=max(closes_at, now) + SIGN_LINK_LIFE, now=now)
    if message.kind == Kind.RECEIPT:
        return links.make(message, Link.Purpose.COPY, expires_at=now + COPY_LINK_LIFE, now=now)
    return ""


def thread(message: Message) -> dict[str, str]:
    """Headers that let mail programs keep all mails about one agreement together (RFC 5322, 3.6.4)."""
    first = message.agreement.messages.filter(slot="invitation").exclude(pk=message.pk).first()
    return {"In-Reply-To": first.message_id, "References": first.message_id} if first else {}


def sealed_copy(agreement: Agreement) -> bytes:
    """The sealed PDF from private storage. Raises OSError while storage is away; the mail is then tried again."""
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
