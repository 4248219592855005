"""Compose the email of a message row, in plain text and HTML with the same content. Reads rows; creates the links."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from email.headerregistry import Address
from email.utils import format_datetime, parseaddr
from functools import lru_cache
from types import SimpleNamespace
from typing import Any

from django.conf import settings
from django.core.files.storage import storages
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template import engines
from django.utils import translation
from django.utils.html import escape

from agreements.documents import history
from agreements.documents.checklist import AUTHOR_MESSAGES
from agreements.domain.differences import compare_snapshot
from agreements.domain.reasons import as_sentence
from agreements.mail import addresses, email_templates, links
from agreements.mail.bounces import ReturnPaths
from agreements.mail.email_templates import BatchTemplate, mark_for
from agreements.models import Agreement, EmailTemplate, Link, Message
from proceedings.delivery.citation_files import address_of, citation_files
from proceedings.models import Volume
from proceedings.web.languages import ENGLISH

Kind = Message.Kind

SIGN_LINK_LIFE = timedelta(days=30)
"""After the deadline, or after the mail if that is later: late authors are welcome."""

COPY_LINK_LIFE = timedelta(days=366)

TIME_TO_OBJECT = timedelta(days=14)

TO_SIGNER = {
    Kind.INVITATION, Kind.REMINDER, Kind.LAST_CALL, Kind.FRESH, Kind.RECEIPT, Kind.COPY, Kind.DECLINED,
    Kind.HANDED_OVER, Kind.PROPOSAL_REFUSED, Kind.EDIT, Kind.SENT_BACK,
}  # fmt: skip
TO_AUTHORS = TO_SIGNER | {Kind.COAUTHOR, Kind.UNSIGNED, Kind.TOGETHER, Kind.PUBLISHED, Kind.CORRECTION}
REMINDING = {Kind.REMINDER, Kind.LAST_CALL}
TO_MANY = {Kind.INVITATION, *REMINDING}
"""Mails that say the same to whole volumes, but for a few words."""
WITH_LINK_TO_SIGN = {Kind.INVITATION, Kind.FRESH, Kind.SENT_BACK, *REMINDING}
WITH_COPY = {Kind.RECEIPT, Kind.COPY}
ON_BUTTONS = (Link.Purpose.SIGN, Link.Purpose.COPY, Link.Purpose.OBJECT, Link.Purpose.EDIT, Link.Purpose.CORRECT)
"""What the one button of a mail may lead to."""
CITATION_TYPES = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}
LATER_LINK_LIFE = timedelta(days=366)
"""Of links about edits and corrections: authors may be long in coming back."""

LATER = {Kind.EDIT: Link.Purpose.EDIT, Kind.PUBLISHED: Link.Purpose.CORRECT}
ABOUT_EDITS = {Kind.EDIT, Kind.EDITOR_EDIT}
ABOUT_CORRECTIONS = {Kind.CORRECTION, Kind.EDITOR_CORRECTION}
ABOUT_PROPOSALS = {Kind.EDITOR_PROPOSAL, Kind.PROPOSAL_REFUSED}

NEEDED = dict.fromkeys((Kind.INVITATION, Kind.REMINDER, Kind.LAST_CALL), ("link", "deadline")) | {
    Kind.UNSIGNED: ("title", "deadline")
}
"""The mails that a volume may write in its own words, and what these may not lose."""


BatchTemplates = dict[tuple[Any, ...], tuple[BatchTemplate, BatchTemplate]]
"""Text and HTML templates, by all values that their content depends on."""


class Composer:
    """Composes the emails of some message rows. Loads what they need and creates their links in bulk."""

    def __init__(self, messages: Iterable[Message], now: datetime) -> None:
        messages = list(messages)
        self.languages = addresses.find_languages(message.recipient for message in messages)
        self.links: dict[tuple[int, str], str] = {}
        specs = [spec for message in messages for spec in link_specs(message, now)]
        for spec, url in zip(specs, links.create_links(specs, now), strict=True):
            self.links[spec.message.pk, spec.purpose] = url
        agreement_ids = {one.agreement_id for message in messages for one in (message, *message.parts)}
        invitations = Message.objects.filter(agreement__in=agreement_ids - {None}, idempotency_key="invitation")
        message_ids = invitations.values_list("agreement", "message_id", "carrier__message_id")
        self.invitations = {agreement: carrier or template for agreement, template, carrier in message_ids}
        volumes = {volume_of(message).pk for message in messages}
        self.email_templates = {
            (template.volume_id, template.kind): template
            for template in EmailTemplate.objects.filter(volume__in=volumes)
        }
        self.batch_templates: BatchTemplates = {}

    def compose(self, message: Message, now: datetime) -> EmailMessage:
        """Compose the email of one of the rows, in the recipient's language.

        Any exception of rendering is passed on; the caller handles it.
        """
        with translation.override(self.language_of(message)):
            return self.render_email(message, now)

    def language_of(self, message: Message) -> str:
        """The language in which the recipient last used the pages, else the volume's. Emails to
        editors are in English.
        """
        if message.kind not in TO_AUTHORS:
            return ENGLISH
        return self.languages.get(message.recipient.lower()) or volume_of(message).signing_settings.language

    def render_email(self, message: Message, now: datetime) -> EmailMessage:
        """Render the email in the active language."""
        # All but one of the papers of a combined email may have been cancelled since.
        shown = message.parts[0] if len(message.parts) == 1 else message
        volume = volume_of(shown)
        signing_settings = volume.signing_settings
        context = self.make_context(shown, volume, now)
        subject_template = f"agreements/mail/{shown.kind}"
        templates = f"agreements/mail/{'own' if context['own'] else shown.kind}"
        # A title may contain a line break, which is not allowed in a header; the template engine adds one at the end.
        subject = " ".join(render(f"{subject_template}.subject.txt", context).split())
        unsubscribe_url = str(context["stop"])
        body, html = self.render_bodies(shown, templates, context)
        email = EmailMultiAlternatives(
            subject=subject,
            body=body,
            from_email=return_paths().for_message(message.message_id),
            to=[format_address(str(context["addressee"]), message.recipient)],
            reply_to=[signing_settings.reply_to] if signing_settings.reply_to else None,
            headers={
                "From": format_address(f"{volume.shortname} proceedings", our_address()),
                "Message-ID": message.message_id,
                "Date": format_datetime(now),
                "Auto-Submitted": "auto-generated",
            }
            | self.thread_headers(message)
            | (unsubscribe_headers(unsubscribe_url) if unsubscribe_url else {}),
        )
        email.attach_alternative(html, "text/html")
        if shown.kind in WITH_COPY:
            email.attach(
                f"{shown.agreement.paper_key}Permission.pdf", read_sealed_pdf(shown.agreement), "application/pdf"
            )
        if shown.kind == Kind.PUBLISHED:
            for name, text in citation_files(shown.agreement.paper).items():
                email.attach(name, text.encode(), CITATION_TYPES[name.rpartition(".")[2]])
        return email

    def render_bodies(self, shown: Message, templates: str, context: dict[str, Any]) -> tuple[str, str]:
        """Render the templates `words` as text and as HTML."""
        if shown.kind not in TO_MANY or context["reason"]:
            return render(f"{templates}.txt", context), render(f"{templates}.html", context)
        values = placeholder_values(shown.agreement, context)
        shared_values = {
            "status": shown.agreement.status,
            "by_an_author": shown.agreement.signer in shown.agreement.authors,
        }
        empty = tuple(name for name, value in values.items() if not value)
        # All values besides the placeholders that decide the content.
        cache_key = (
            shown.kind,
            templates,
            context["volume"].pk,
            translation.get_language(),
            *shared_values.values(),
            empty,
        )
        cache_key += (context["late"], context["days_left"])
        if cache_key not in self.batch_templates:
            marks = {name: value and mark_for(name) for name, value in values.items()}
            self.batch_templates[cache_key] = self.make_batch_templates(
                templates, shown.kind, context, marks, shared_values
            )
        text, html = self.batch_templates[cache_key]
        return text.fill(values), html.fill({name: escape(value) for name, value in values.items()})

    def make_batch_templates(
        self, templates: str, kind: str, context: dict[str, Any], marks: dict[str, str], shared_values: dict[str, Any]
    ) -> tuple[BatchTemplate, BatchTemplate]:
        """Render the templates once with marks in place of the values that differ between emails."""
        agreement = SimpleNamespace(**marks | shared_values, facts=SimpleNamespace(**shared_values))
        agreement.authors = [marks["authors"]]
        marked_context = context | marks | {"agreement": agreement}
        template = self.email_templates.get((context["volume"].pk, kind))
        marked_context["own"] = custom_texts(template.body, marked_context) if template and context["own"] else []
        text, html = (BatchTemplate(render(f"{templates}.{ending}", marked_context)) for ending in ("txt", "html"))
        return text, html

    def make_context(self, shown: Message, volume: Volume, now: datetime) -> dict[str, Any]:
        """Return the context of the email's templates."""
        signing_settings = volume.signing_settings
        context: dict[str, Any] = {
            "volume": volume,
            "deadline": signing_settings.deadline_in_words,
            "late": now >= signing_settings.closes_at,
            "days_left": (signing_settings.closes_at - now).days,
            "link": self.link(shown, *ON_BUTTONS),
            "stop": next(filter(None, (self.link(one, Link.Purpose.STOP) for one in (shown, *shown.parts))), ""),
            "addressee": self.recipient_name(shown),
            "details": shown.details,
            "base": settings.PUBLIC_BASE_URL,
        }
        if not shown.volume_id:
            context |= agreement_context(shown, now)
        if shown.kind == Kind.TOGETHER:
            context |= {
                "invited": [
                    (one, self.link(one, Link.Purpose.SIGN), replacement_reason(one.agreement))
                    for one in shown.parts
                    if one.kind == Kind.INVITATION
                ],
                "waiting": [(one, self.link(one, Link.Purpose.SIGN)) for one in shown.parts if one.kind in REMINDING],
                "unsigned": [one.agreement for one in shown.parts if one.kind == Kind.UNSIGNED],
                "first_title": next((one.agreement.title for one in shown.parts if one.kind in TO_SIGNER), ""),
                "last_call": any(one.kind == Kind.LAST_CALL for one in shown.parts),
            }
        template = self.email_templates.get((volume.pk, template_kind(shown)))
        context["extra"] = template.extra if template else ""
        context["own"] = (
            custom_texts(template.body, context) if template and template.body and shown.kind in NEEDED else []
        )
        return context

    def recipient_name(self, message: Message) -> str:
        return recipient_name(message)

    def link(self, message: Message, *purposes: Link.Purpose) -> str:
        return next((self.links[message.pk, one] for one in purposes if (message.pk, one) in self.links), "")

    def thread_headers(self, message: Message) -> dict[str, str]:
        """Headers that group all emails about an agreement in one thread (RFC 5322, 3.6.4)."""
        agreement_ids = [one.agreement_id for one in (message, *message.parts)]
        message_ids = list(dict.fromkeys(self.invitations[one] for one in agreement_ids if one in self.invitations))
        if not message_ids or message.message_id in message_ids:
            return {}
        return {"In-Reply-To": message_ids[0], "References": " ".join(message_ids)}


def template_kind(message: Message) -> str:
    """Return the kind whose email template applies: a combined email counts as an invitation or as a reminder."""
    if message.kind != Kind.TOGETHER:
        return message.kind
    return Kind.INVITATION if all(one.kind == Kind.INVITATION for one in message.parts) else Kind.REMINDER


def volume_of(message: Message) -> Volume:
    return message.volume or message.agreement.paper.volume


def recipient_name(message: Message) -> str:
    """Return the name of the recipient; empty for editors."""
    if message.kind == Kind.TOGETHER:
        return recipient_name(min(message.parts, key=lambda one: one.kind == Kind.UNSIGNED))
    if message.kind == Kind.UNSIGNED:
        author = message.agreement.paper.authors.filter(email__iexact=message.recipient).first()
        return author.display if author else ""
    return message.agreement.signer if message.kind in TO_SIGNER else ""


def agreement_context(message: Message, now: datetime) -> dict[str, Any]:
    agreement = message.agreement
    return {
        "agreement": agreement,
        "reason": replacement_reason(agreement) if message.kind == Kind.INVITATION else "",
        "change_request": change_request_context(message),
        "edit": related_row(message, ABOUT_EDITS, agreement.edits),
        "correction": related_row(message, ABOUT_CORRECTIONS, agreement.corrections),
        "scan": f"{settings.PUBLIC_BASE_URL}/admin/agreements/agreement/{agreement.pk}/scan/",
        "sent_back": sent_back_context(message),
        "objections": history.list_objections(agreement) if message.kind == Kind.EDITOR_OBJECTED else [],
        "until": now + TIME_TO_OBJECT,
        "change_requests": f"{settings.PUBLIC_BASE_URL}/admin/agreements/changerequest/",
        "corrections": f"{settings.PUBLIC_BASE_URL}/admin/agreements/correction/",
        "desk": f"{settings.PUBLIC_BASE_URL}/admin/agreements/agreement/{agreement.pk}/change/",
        "co_authors": coauthor_addresses(message) if message.kind == Kind.EDITOR_REFUSED else [],
    } | (publication_context(agreement) if message.kind == Kind.PUBLISHED else {})


def publication_context(agreement: Agreement) -> dict[str, str]:
    """Where the paper is published, and its citation in BibTeX."""
    return {"address": address_of(agreement.paper), "citation": next(iter(citation_files(agreement.paper).values()))}


def placeholder_values(agreement: Agreement, context: dict[str, Any]) -> dict[str, str]:
    """Return the values that differ between emails of one kind."""
    email_values = {name: str(context[name]) for name in ("link", "stop", "addressee")}
    agreement_values = {name: str(getattr(agreement, name)) for name in ("title", "signer", "reference")}
    return email_values | agreement_values | {"authors": ", ".join(agreement.authors)}


def custom_texts(body: str, context: dict[str, Any]) -> list[str]:
    """Fill in a volume's own text for one email, and split it into paragraphs."""
    agreement = context["agreement"]
    values = {"signer": agreement.signer, "title": agreement.title, "volume": context["volume"].name}
    return email_templates.paragraphs(
        email_templates.fill(body, values | {key: context[key] for key in ("link", "deadline")})
    )


def our_address() -> str:
    """The address that all emails come from, without a name."""
    return bare_address(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def bare_address(header: str) -> str:
    return parseaddr(header)[1]


def our_domain() -> str:
    return our_address().rpartition("@")[2]


def return_paths() -> ReturnPaths:
    """The return paths of our emails: the bounce mailbox if there is one, else the sender."""
    return ReturnPaths(
        settings.BOUNCE_ADDRESS or our_address(), our_domain(), per_message=bool(settings.BOUNCE_ADDRESS)
    )


def compose(message: Message, now: datetime) -> EmailMessage:
    """Compose the email of one message row."""
    return Composer([message], now).compose(message, now)


def replacement_reason(agreement: Agreement) -> str:
    """Return why the agreement replaces another one; empty if it does not."""
    return as_sentence(agreement.predecessor.reason, agreement.signer) if agreement.predecessor else ""


def change_request_context(message: Message) -> dict[str, Any] | None:
    """Return the change request that the idempotency key names, with its differences; None for other kinds."""
    if message.kind not in ABOUT_PROPOSALS:
        return None
    change_request = message.agreement.change_requests.get(pk=message.idempotency_key.split(":")[1])
    return {
        "note": change_request.note,
        "answer": change_request.answer,
        "differences": compare_snapshot(message.agreement.facts, change_request.data),
    }


def related_row(message: Message, kinds: set[Kind], rows: Any) -> Any:
    """Return the edit or correction that the idempotency key names; None for other kinds."""
    return rows.get(pk=message.idempotency_key.split(":")[1]) if message.kind in kinds else None


def sent_back_context(message: Message) -> dict[str, Any] | None:
    """Return what was missing on a signed form, from the event that the idempotency key names; None for other kinds."""
    if message.kind != Kind.SENT_BACK:
        return None
    data = message.agreement.events.get(number=message.idempotency_key.split(":")[1]).data
    return {"missing": [AUTHOR_MESSAGES[each] for each in data["missing"]], "note": data["note"]}


def render(template: str, context: dict[str, Any]) -> str:
    return engines["django"].get_template(template).render(context)


def link_specs(message: Message, now: datetime) -> list[links.LinkSpec]:
    """Return the links that the email contains; they are created for this email only."""
    if message.kind == Kind.TOGETHER:
        specs = [spec for part in message.parts for spec in link_specs(part, now)]
        stop_specs = [spec for spec in specs if spec.purpose == Link.Purpose.STOP]
        return [spec for spec in specs if spec not in stop_specs[1:]]  # one link stops all of them
    if message.kind in WITH_COPY:
        return [links.LinkSpec(message, Link.Purpose.COPY, now + COPY_LINK_LIFE)]
    if purpose := LATER.get(Kind(message.kind)):
        return [links.LinkSpec(message, purpose, now + LATER_LINK_LIFE)]
    if message.kind == Kind.COAUTHOR:
        return [links.LinkSpec(message, Link.Purpose.OBJECT, now + TIME_TO_OBJECT)]
    if message.kind not in WITH_LINK_TO_SIGN:
        return []
    expires_at = max(message.agreement.paper.volume.signing_settings.closes_at, now) + SIGN_LINK_LIFE
    purposes = [Link.Purpose.SIGN] + [Link.Purpose.STOP] * (message.kind in REMINDING)
    return [links.LinkSpec(message, purpose, expires_at) for purpose in purposes]


def coauthor_addresses(message: Message) -> list[str]:
    """Return the addresses of the paper's authors other than the signer's."""
    coauthors = message.agreement.paper.authors.exclude(email="").exclude(email__iexact=message.agreement.signer_email)
    return list(coauthors.values_list("email", flat=True))


def unsubscribe_headers(url: str) -> dict[str, str]:
    """Headers that let an email program offer to unsubscribe (RFC 2369 and RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@lru_cache(maxsize=64)
def format_address(name: str, address: str) -> str:
    """Format an address with a name for a header. Raises ValueError if one of them could forge the header."""
    local, _, domain = address.rpartition("@")
    return str(Address(name, local, domain))  # from parts, because parsing an address by the standard's grammar is slow


def read_sealed_pdf(agreement: Agreement) -> bytes:
    """Read the sealed PDF from private storage. Raises OSError if storage is unavailable; the email is then retried."""
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
