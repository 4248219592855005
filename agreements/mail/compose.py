"""Compose the email of a message row, in plain text and HTML with the same content. Reads rows; creates the links."""

from collections.abc import Iterable
from datetime import datetime
from email.utils import format_datetime
from types import SimpleNamespace
from typing import Any

from django.core.files.storage import storages
from django.core.mail import EmailMessage, EmailMultiAlternatives
from django.template import engines
from django.utils import translation
from django.utils.html import escape

from agreements.mail import addresses, headers, links
from agreements.mail import context as contexts
from agreements.mail.email_templates import BatchTemplate, mark_for
from agreements.mail.kinds import Attachment, kind_of
from agreements.models import Agreement, EmailTemplate, Link, Message
from proceedings.delivery.citation_files import citation_files
from proceedings.email_address import address_key
from proceedings.models import Volume
from proceedings.web.languages import ENGLISH

OWN_TEXT = "agreements/mail/own"
"""The templates around a volume's own text."""
CITATION_TYPES = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}

BatchTemplates = dict[tuple[Any, ...], tuple[BatchTemplate, BatchTemplate]]
"""Text and HTML templates, by all values that their content depends on."""


class Composer:
    """Composes the emails of some message rows. Loads what they need and creates their links in bulk."""

    def __init__(self, messages: Iterable[Message], now: datetime) -> None:
        messages = list(messages)
        self.languages = addresses.find_languages(message.recipient for message in messages)
        self.links: dict[tuple[int, str], str] = {}
        specs = [spec for message in messages for spec in links.link_specs(message, now)]
        for spec, url in zip(specs, links.create_links(specs, now), strict=True):
            self.links[spec.message.pk, spec.purpose] = url
        agreement_ids = {one.agreement_id for message in messages for one in (message, *message.parts)}
        invitations = Message.objects.filter(agreement__in=agreement_ids - {None}, idempotency_key="invitation")
        message_ids = invitations.values_list("agreement", "message_id", "carrier__message_id")
        self.invitations = {agreement: carrier or own for agreement, own, carrier in message_ids}
        volumes = {volume_of(message).pk for message in messages}
        self.email_templates = {
            (own.volume_id, own.kind): own for own in EmailTemplate.objects.filter(volume__in=volumes)
        }
        self.batch_templates: BatchTemplates = {}

    def compose(self, message: Message, now: datetime) -> EmailMessage:
        """Compose the email of one of the rows, in the recipient's language.

        Any exception of rendering is passed on; the caller handles it.
        """
        with translation.override(self.language_of(message)):
            return self.render_email(message, now)

    def language_of(self, message: Message) -> str:
        """The language in which the recipient last used the pages, else the volume's. Editors get English."""
        if not kind_of(message).is_to_authors:
            return ENGLISH
        return self.languages.get(address_key(message.recipient)) or volume_of(message).signing_settings.language

    def render_email(self, message: Message, now: datetime) -> EmailMessage:
        """Render the email in the active language."""
        # All but one of the papers of a combined email may have been cancelled since.
        shown = message.parts[0] if len(message.parts) == 1 else message
        kind = kind_of(shown)
        volume = volume_of(shown)
        signing_settings = volume.signing_settings
        context = self.make_context(shown, volume, now)
        # A title may contain a line break, which a header must not; the template engine adds one at the end.
        subject = " ".join(render(kind.templates[0], context).split())
        stop = str(context["stop"])
        body, page = self.render_bodies(shown, OWN_TEXT if context["own"] else kind.path, context)
        mail = EmailMultiAlternatives(
            subject=subject,
            body=body,
            from_email=headers.return_paths().for_message(message.message_id),
            to=[headers.format_address(str(context["addressee"]), message.recipient)],
            reply_to=[signing_settings.reply_to] if signing_settings.reply_to else None,
            headers={
                "From": headers.format_address(f"{volume.shortname} proceedings", headers.our_address()),
                "Message-ID": message.message_id,
                "Date": format_datetime(now),
                "Auto-Submitted": "auto-generated",
            }
            | self.thread_headers(message)
            | (headers.one_click(stop) if stop else {}),
        )
        mail.attach_alternative(page, "text/html")
        attach_files(mail, kind.attachment, shown)
        return mail

    def render_bodies(self, shown: Message, path: str, context: contexts.Context) -> tuple[str, str]:
        """Render the templates at `path` as text and as HTML."""
        if not kind_of(shown).is_batch or context["reason"]:
            return render(f"{path}.txt", context), render(f"{path}.html", context)
        values = contexts.values_in_batch(shown.agreement, context)
        shared_values = {
            "status": shown.agreement.status,
            "by_an_author": shown.agreement.signer in shown.agreement.authors,
        }
        empty = tuple(name for name, value in values.items() if not value)
        # All values besides the placeholders that decide the content.
        cache_key = (shown.kind, path, context["volume"].pk, translation.get_language(), *shared_values.values(), empty)
        cache_key += (context["late"], context["days_left"])
        if cache_key not in self.batch_templates:
            marks = {name: value and mark_for(name) for name, value in values.items()}
            self.batch_templates[cache_key] = self.make_batch_templates(path, shown.kind, context, marks, shared_values)
        text, page = self.batch_templates[cache_key]
        return text.fill(values), page.fill({name: escape(value) for name, value in values.items()})

    def make_batch_templates(
        self, path: str, kind: str, context: contexts.Context, marks: dict[str, str], shared_values: dict[str, Any]
    ) -> tuple[BatchTemplate, BatchTemplate]:
        """Render the templates once, as text and HTML, with marks in place of the values that differ between emails."""
        agreement = SimpleNamespace(**marks | shared_values, facts=SimpleNamespace(**shared_values))
        agreement.authors = [marks["authors"]]
        marked_context = context | marks | {"agreement": agreement}
        own = self.email_templates.get((context["volume"].pk, kind))
        marked_context["own"] = contexts.own_paragraphs(own.body, marked_context) if own and context["own"] else []
        text, page = (BatchTemplate(render(f"{path}.{ending}", marked_context)) for ending in ("txt", "html"))
        return text, page

    def make_context(self, shown: Message, volume: Volume, now: datetime) -> contexts.Context:
        """Return the context of the email's templates."""
        context = contexts.about_volume(shown, volume, self.link, now)
        context["addressee"] = self.name_of(shown)
        if not shown.volume_id:
            context |= contexts.about_agreement(shown, now)
        context |= contexts.about_topic(shown, self.link)
        own = self.email_templates.get((volume.pk, contexts.own_text_kind(shown)))
        context["extra"] = own.extra if own else ""
        has_own_text = own and own.body and kind_of(shown).has_own_text
        context["own"] = contexts.own_paragraphs(own.body, context) if own and has_own_text else []
        return context

    def name_of(self, message: Message) -> str:
        return contexts.recipient_name(message)

    def link(self, message: Message, *purposes: Link.Purpose) -> str:
        return next((self.links[message.pk, one] for one in purposes if (message.pk, one) in self.links), "")

    def thread_headers(self, message: Message) -> dict[str, str]:
        """Headers that group all emails about an agreement in one thread (RFC 5322, 3.6.4)."""
        about = [one.agreement_id for one in (message, *message.parts)]
        first = list(dict.fromkeys(self.invitations[one] for one in about if one in self.invitations))
        if not first or message.message_id in first:
            return {}
        return {"In-Reply-To": first[0], "References": " ".join(first)}


def compose(message: Message, now: datetime) -> EmailMessage:
    """Compose the email of one message row."""
    return Composer([message], now).compose(message, now)


def volume_of(message: Message) -> Volume:
    return message.volume or message.agreement.paper.volume


def render(template: str, context: contexts.Context) -> str:
    return engines["django"].get_template(template).render(context)


def attach_files(mail: EmailMultiAlternatives, attachment: Attachment | None, shown: Message) -> None:
    """Attach the files of this kind of email. Raises OSError if private storage does not answer."""
    if attachment is Attachment.SEALED_PDF:
        mail.attach(f"{shown.agreement.paper_key}Permission.pdf", read_sealed_pdf(shown.agreement), "application/pdf")
    elif attachment is Attachment.CITATIONS:
        for name, text in citation_files(shown.agreement.paper).items():
            mail.attach(name, text.encode(), CITATION_TYPES[name.rpartition(".")[2]])


def read_sealed_pdf(agreement: Agreement) -> bytes:
    """Read the sealed PDF from private storage. Raises OSError if the storage does not answer; the email is retried."""
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
