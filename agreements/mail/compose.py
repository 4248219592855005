"""Message rows -> emails, with the same words in text and HTML. Reads rows; makes the links."""

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
from agreements.mail.email_templates import BatchTemplate, blank
from agreements.mail.kinds import Attachment, kind_of
from agreements.models import Agreement, EmailTemplate, Link, Message
from proceedings.delivery.citation_files import citation_files
from proceedings.models import Volume
from proceedings.web.languages import ENGLISH

OWN_TEXT = "agreements/mail/own"
"""The templates around a volume's own text."""
CITATION_TYPES = {
    "bib": "application/x-bibtex",
    "ris": "application/x-research-info-systems",
    "json": "application/vnd.citationstyles.csl+json",
}

Forms = dict[tuple[Any, ...], tuple[BatchTemplate, BatchTemplate]]
"""By all that their words depend on: text and HTML."""


class Composer:
    """The emails for some outbox rows. It reads what they need, and makes their links, for all of them together."""

    def __init__(self, messages: Iterable[Message], now: datetime) -> None:
        messages = list(messages)
        self.languages = addresses.languages(message.recipient for message in messages)
        self.links: dict[tuple[int, str], str] = {}
        wishes = [wish for message in messages for wish in links.link_specs(message, now)]
        for wish, url in zip(wishes, links.create_links(wishes, now), strict=True):
            self.links[wish.message.pk, wish.purpose] = url
        about = {one.agreement_id for message in messages for one in (message, *message.parts)}
        first = Message.objects.filter(agreement__in=about - {None}, idempotency_key="invitation")
        ids = first.values_list("agreement", "message_id", "carrier__message_id")
        self.invitations = {agreement: carrier or own for agreement, own, carrier in ids}
        volumes = {volume_of(message).pk for message in messages}
        self.own = {(own.volume_id, own.kind): own for own in EmailTemplate.objects.filter(volume__in=volumes)}
        self.forms: Forms = {}

    def compose(self, message: Message, now: datetime) -> EmailMessage:
        """The email for one of the rows, in the language of its reader.

        Raises any error that keeps it from being written; the caller records it.
        """
        with translation.override(self.language_of(message)):
            return self.written(message, now)

    def language_of(self, message: Message) -> str:
        """The language in which they last used the pages, else the volume's. Editors read English."""
        if not kind_of(message).is_to_authors:
            return ENGLISH
        return self.languages.get(message.recipient.lower()) or volume_of(message).signing_settings.language

    def written(self, message: Message, now: datetime) -> EmailMessage:
        """The email in the active language."""
        # Of several papers all but one may have dropped out meanwhile.
        said = message.parts[0] if len(message.parts) == 1 else message
        kind = kind_of(said)
        volume = volume_of(said)
        signing_settings = volume.signing_settings
        context = self.context(said, volume, now)
        # A title may hold a line break that a header must not; the template engine adds one at the end anyway.
        subject = " ".join(rendered(kind.templates[0], context).split())
        stop = str(context["stop"])
        body, page = self.bodies(said, OWN_TEXT if context["own"] else kind.path, context)
        mail = EmailMultiAlternatives(
            subject=subject,
            body=body,
            from_email=headers.return_paths().to(message.message_id),
            to=[headers.named(str(context["addressee"]), message.recipient)],
            reply_to=[signing_settings.reply_to] if signing_settings.reply_to else None,
            headers={
                "From": headers.named(f"{volume.shortname} proceedings", headers.our_address()),
                "Message-ID": message.message_id,
                "Date": format_datetime(now),
                "Auto-Submitted": "auto-generated",
            }
            | self.thread(message)
            | (headers.one_click(stop) if stop else {}),
        )
        mail.attach_alternative(page, "text/html")
        attach_files(mail, kind.attachment, said)
        return mail

    def bodies(self, said: Message, path: str, context: contexts.Context) -> tuple[str, str]:
        """The email as text and as HTML, from the templates at `path`."""
        if not kind_of(said).is_batch or context["reason"]:
            return rendered(f"{path}.txt", context), rendered(f"{path}.html", context)
        values = contexts.values_in_batch(said.agreement, context)
        of_all = {"status": said.agreement.status, "by_an_author": said.agreement.signer in said.agreement.authors}
        empty = tuple(name for name, value in values.items() if not value)
        # All that decides what the email says, beside the values.
        same = (said.kind, path, context["volume"].pk, translation.get_language(), *of_all.values(), empty)
        same += (context["late"], context["days_left"])
        if same not in self.forms:
            blanks = {name: value and blank(name) for name, value in values.items()}
            self.forms[same] = self.form(path, said.kind, context, blanks, of_all)
        text, page = self.forms[same]
        return text.filled(values), page.filled({name: escape(value) for name, value in values.items()})

    def form(
        self, path: str, kind: str, context: contexts.Context, blanks: dict[str, str], of_all: dict[str, Any]
    ) -> tuple[BatchTemplate, BatchTemplate]:
        """An email of a batch as text and as HTML, with blanks in place of what each has of its own."""
        agreement = SimpleNamespace(**blanks | of_all, facts=SimpleNamespace(**of_all))
        agreement.authors = [blanks["authors"]]
        in_blank = context | blanks | {"agreement": agreement}
        own = self.own.get((context["volume"].pk, kind))
        in_blank["own"] = contexts.own_paragraphs(own.body, in_blank) if own and context["own"] else []
        text, page = (BatchTemplate(rendered(f"{path}.{ending}", in_blank)) for ending in ("txt", "html"))
        return text, page

    def context(self, said: Message, volume: Volume, now: datetime) -> contexts.Context:
        """Everything that the email's templates may say."""
        context = contexts.about_volume(said, volume, self.link, now)
        context["addressee"] = self.name_of(said)
        if not said.volume_id:
            context |= contexts.about_agreement(said, now)
        context |= contexts.about_topic(said, self.link)
        own = self.own.get((volume.pk, contexts.own_text_kind(said)))
        context["extra"] = own.extra if own else ""
        has_own_text = own and own.body and kind_of(said).has_own_text
        context["own"] = contexts.own_paragraphs(own.body, context) if own and has_own_text else []
        return context

    def name_of(self, message: Message) -> str:
        return contexts.recipient_name(message)

    def link(self, message: Message, *purposes: Link.Purpose) -> str:
        return next((self.links[message.pk, one] for one in purposes if (message.pk, one) in self.links), "")

    def thread(self, message: Message) -> dict[str, str]:
        """Headers that let mail programs keep all emails about one agreement together (RFC 5322, 3.6.4)."""
        about = [one.agreement_id for one in (message, *message.parts)]
        first = list(dict.fromkeys(self.invitations[one] for one in about if one in self.invitations))
        if not first or message.message_id in first:
            return {}
        return {"In-Reply-To": first[0], "References": " ".join(first)}


def compose(message: Message, now: datetime) -> EmailMessage:
    """The email for one outbox row."""
    return Composer([message], now).compose(message, now)


def volume_of(message: Message) -> Volume:
    return message.volume or message.agreement.paper.volume


def rendered(template: str, context: contexts.Context) -> str:
    return engines["django"].get_template(template).render(context)


def attach_files(mail: EmailMultiAlternatives, attachment: Attachment | None, said: Message) -> None:
    """Adds the files that the kind of email brings. Raises OSError if private storage does not answer."""
    if attachment is Attachment.SEALED_PDF:
        mail.attach(f"{said.agreement.paper_key}Permission.pdf", sealed_pdf(said.agreement), "application/pdf")
    elif attachment is Attachment.CITATIONS:
        for name, text in citation_files(said.agreement.paper).items():
            mail.attach(name, text.encode(), CITATION_TYPES[name.rpartition(".")[2]])


def sealed_pdf(agreement: Agreement) -> bytes:
    """The sealed PDF from private storage. Raises OSError if the storage does not answer; we try the email again."""
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
