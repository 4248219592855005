"""Message row -> what the templates of its email may say. Reads rows."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from django.conf import settings

from agreements.documents import history
from agreements.documents.checklist import AUTHOR_MESSAGES
from agreements.domain.differences import compare_snapshot
from agreements.domain.reasons import as_sentence
from agreements.mail import email_templates
from agreements.mail.kinds import Recipient, Topic, kind_of
from agreements.mail.links import TIME_TO_OBJECT
from agreements.models import Agreement, Link, Message
from proceedings.delivery.citation_files import citation_files, publication_url
from proceedings.email_address import address_key
from proceedings.models import Volume

Kind = Message.Kind
Context = dict[str, Any]
FindLink = Callable[..., str]
"""The link of a message for the first of some purposes that it has; empty without one."""

BUTTONS = (Link.Purpose.SIGN, Link.Purpose.COPY, Link.Purpose.OBJECT, Link.Purpose.EDIT, Link.Purpose.CORRECT)
"""The purposes that the one button of an email may have."""


def about_volume(message: Message, volume: Volume, link: FindLink, now: datetime) -> Context:
    """What every email may say."""
    signing_settings = volume.signing_settings
    return {
        "volume": volume,
        "deadline": signing_settings.deadline_in_words,
        "late": now >= signing_settings.closes_at,
        "days_left": (signing_settings.closes_at - now).days,
        "link": link(message, *BUTTONS),
        "stop": next(filter(None, (link(one, Link.Purpose.STOP) for one in (message, *message.parts))), ""),
        "details": message.details,
        "base": settings.PUBLIC_BASE_URL,
    }


def about_agreement(message: Message, now: datetime) -> Context:
    """What every email about one agreement may say."""
    admin = f"{settings.PUBLIC_BASE_URL}/admin/agreements"
    agreement = message.agreement
    return NO_TOPIC | {
        "agreement": agreement,
        "until": now + TIME_TO_OBJECT,
        "agreement_page": f"{admin}/agreement/{agreement.pk}/change/",
        "signed_form_page": f"{admin}/agreement/{agreement.pk}/scan/",
        "change_requests": f"{admin}/changerequest/",
        "corrections": f"{admin}/correction/",
    }


def about_topic(message: Message, link: FindLink) -> Context:
    """What only emails of this kind may say."""
    topic = kind_of(message).topic
    return TOPICS[topic](message, link) if topic else {}


# --- one function for each topic


def replaced(message: Message, _: FindLink) -> Context:
    return {"reason": replacement_reason(message.agreement)}


def change_request(message: Message, _: FindLink) -> Context:
    """The change request, and what it would change."""
    asked = message.agreement.change_requests.get(pk=number_in_key(message))
    changes = compare_snapshot(message.agreement.facts, asked.data)
    return {"change_request": {"note": asked.note, "answer": asked.answer, "differences": changes}}


def edit(message: Message, _: FindLink) -> Context:
    return {"edit": message.agreement.edits.get(pk=number_in_key(message))}


def correction(message: Message, _: FindLink) -> Context:
    return {"correction": message.agreement.corrections.get(pk=number_in_key(message))}


def signed_form(message: Message, _: FindLink) -> Context:
    """What a signed form lacks; the key has the number of the event that says so."""
    data = message.agreement.events.get(number=number_in_key(message)).data
    return {"sent_back": {"missing": [AUTHOR_MESSAGES[each] for each in data["missing"]], "note": data["note"]}}


def objections(message: Message, _: FindLink) -> Context:
    return {"objections": history.list_objections(message.agreement)}


def other_addresses(message: Message, _: FindLink) -> Context:
    """The addresses of the paper's authors other than the signer's."""
    signer = address_key(message.agreement.signer_email)
    known = message.agreement.paper.authors.exclude(email="").values_list("email", flat=True)
    return {"co_authors": [address for address in known if address_key(address) != signer]}


def publication(message: Message, _: FindLink) -> Context:
    """Where the paper is, and how it is cited in BibTeX."""
    paper = message.agreement.paper
    return {"address": publication_url(paper), "citation": next(iter(citation_files(paper).values()))}


def papers(message: Message, link: FindLink) -> Context:
    """The papers of a combined email, by what it asks about each."""
    parts = [(one, kind_of(one)) for one in message.parts]
    invited = [one for one in message.parts if one.kind == Kind.INVITATION]
    return {
        "invited": [(one, link(one, Link.Purpose.SIGN), replacement_reason(one.agreement)) for one in invited],
        "waiting": [(one, link(one, Link.Purpose.SIGN)) for one, kind in parts if kind.reminds],
        "unsigned": [one.agreement for one in message.parts if one.kind == Kind.UNSIGNED],
        "first_title": next((one.agreement.plain_title for one, kind in parts if kind.to is Recipient.SIGNER), ""),
        "last_call": any(one.kind == Kind.LAST_CALL for one in message.parts),
    }


TOPICS: dict[Topic, Callable[[Message, FindLink], Context]] = {
    Topic.REPLACED: replaced,
    Topic.CHANGE_REQUEST: change_request,
    Topic.EDIT: edit,
    Topic.CORRECTION: correction,
    Topic.SIGNED_FORM: signed_form,
    Topic.OBJECTIONS: objections,
    Topic.OTHER_ADDRESSES: other_addresses,
    Topic.PUBLICATION: publication,
    Topic.PAPERS: papers,
}
NO_TOPIC: Context = {
    "reason": "",
    "change_request": None,
    "edit": None,
    "correction": None,
    "sent_back": None,
    "objections": [],
    "co_authors": [],
}
"""What the templates are given in place of another kind's topic."""


def number_in_key(message: Message) -> str:
    """The number in an idempotency key such as ``edit:12:1``: of the row that the email is about."""
    return message.idempotency_key.split(":")[1]


def replacement_reason(agreement: Agreement) -> str:
    """Why it replaces another agreement; empty if it does not."""
    return as_sentence(agreement.predecessor.reason, agreement.signer) if agreement.predecessor else ""


# --- the recipient's name


def recipient_name(message: Message) -> str:
    """The recipient's name; empty for editors, and for others whose name we do not use."""
    kind = kind_of(message)
    if kind.is_combined:
        return recipient_name(min(message.parts, key=lambda one: one.kind == Kind.UNSIGNED))
    if kind.to is Recipient.COAUTHOR:
        author = message.agreement.paper.author_with(message.recipient)
        return author.display if author else ""
    return message.agreement.signer if kind.to is Recipient.SIGNER else ""


# --- a volume's own text, and what many emails have of their own


def own_text_kind(message: Message) -> str:
    """The kind whose own text an email takes: a combined email takes the invitation's or the reminder's."""
    if not kind_of(message).is_combined:
        return message.kind
    return Kind.INVITATION if all(one.kind == Kind.INVITATION for one in message.parts) else Kind.REMINDER


def own_paragraphs(body: str, context: Context) -> list[str]:
    """A volume's own text for this email, in paragraphs."""
    agreement = context["agreement"]
    values = {"signer": agreement.signer, "title": agreement.plain_title, "volume": context["volume"].name}
    filled = email_templates.fill(body, values | {key: context[key] for key in ("link", "deadline")})
    return email_templates.paragraphs(filled)


def values_in_batch(agreement: Agreement, context: Context) -> dict[str, str]:
    """What each email of a batch has of its own, by placeholder."""
    of_mail = {name: str(context[name]) for name in ("link", "stop", "addressee")}
    of_agreement = {name: str(getattr(agreement, name)) for name in ("plain_title", "signer", "reference")}
    return of_mail | of_agreement | {"authors": ", ".join(agreement.authors)}
