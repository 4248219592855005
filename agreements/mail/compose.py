"""Message rows -> the mails themselves, in text and HTML with the same words. Reads rows; makes the links."""

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
from agreements.documents.checklist import TOLD
from agreements.domain.differences import differences
from agreements.domain.reasons import recognised
from agreements.mail import addresses, email_templates, links
from agreements.mail.bounces import ReturnPaths
from agreements.mail.email_templates import BatchTemplate, blank
from agreements.models import Agreement, EmailTemplate, Link, Message
from proceedings.delivery.citation_files import citation_files, publication_url
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


Forms = dict[tuple[Any, ...], tuple[BatchTemplate, BatchTemplate]]
"""By all that their words depend on: text and HTML."""


class Composer:
    """The mails for some outbox rows. What they need of the database is read, and their links are made, together."""

    def __init__(self, messages: Iterable[Message], now: datetime) -> None:
        messages = list(messages)
        self.languages = addresses.languages(message.recipient for message in messages)
        self.links: dict[tuple[int, str], str] = {}
        wishes = [wish for message in messages for wish in link_specs(message, now)]
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
        """The mail for one of the rows, in the language of who gets it.

        Raises whatever makes it impossible to write; the caller settles that.
        """
        with translation.override(self.language_of(message)):
            return self.written(message, now)

    def language_of(self, message: Message) -> str:
        """The one in which they last used the pages, else the volume's. Editors read English, as on the desk."""
        if message.kind not in TO_AUTHORS:
            return ENGLISH
        return self.languages.get(message.recipient.lower()) or volume_of(message).signing_settings.language

    def written(self, message: Message, now: datetime) -> EmailMessage:
        """The mail in the active language."""
        # Of several papers all but one may have dropped out meanwhile.
        said = message.parts[0] if len(message.parts) == 1 else message
        volume = volume_of(said)
        signing_settings = volume.signing_settings
        context = self.context(said, volume, now)
        template = f"agreements/mail/{said.kind}"
        words = f"agreements/mail/{'own' if context['own'] else said.kind}"
        # A title may hold a line break that a header must not; the template engine adds one at the end anyway.
        subject = " ".join(rendered(f"{template}.subject.txt", context).split())
        stop = str(context["stop"])
        body, page = self.bodies(said, words, context)
        mail = EmailMultiAlternatives(
            subject=subject,
            body=body,
            from_email=return_paths().to(message.message_id),
            to=[named(str(context["addressee"]), message.recipient)],
            reply_to=[signing_settings.reply_to] if signing_settings.reply_to else None,
            headers={
                "From": named(f"{volume.shortname} proceedings", our_address()),
                "Message-ID": message.message_id,
                "Date": format_datetime(now),
                "Auto-Submitted": "auto-generated",
            }
            | self.thread(message)
            | (one_click(stop) if stop else {}),
        )
        mail.attach_alternative(page, "text/html")
        if said.kind in WITH_COPY:
            mail.attach(f"{said.agreement.paper_key}Permission.pdf", sealed_copy(said.agreement), "application/pdf")
        if said.kind == Kind.PUBLISHED:
            for name, text in citation_files(said.agreement.paper).items():
                mail.attach(name, text.encode(), CITATION_TYPES[name.rpartition(".")[2]])
        return mail

    def bodies(self, said: Message, words: str, context: dict[str, Any]) -> tuple[str, str]:
        """The mail as text and as HTML, from the templates `words`."""
        if said.kind not in TO_MANY or context["reason"]:
            return rendered(f"{words}.txt", context), rendered(f"{words}.html", context)
        values = placeholder_values(said.agreement, context)
        of_all = {"status": said.agreement.status, "by_an_author": said.agreement.signer in said.agreement.authors}
        empty = tuple(name for name, value in values.items() if not value)
        # All that decides what the mail says, beside the values.
        same = (said.kind, words, context["volume"].pk, translation.get_language(), *of_all.values(), empty)
        same += (context["late"], context["days_left"])
        if same not in self.forms:
            blanks = {name: value and blank(name) for name, value in values.items()}
            self.forms[same] = self.form(words, said.kind, context, blanks, of_all)
        text, page = self.forms[same]
        return text.filled(values), page.filled({name: escape(value) for name, value in values.items()})

    def form(
        self, words: str, kind: str, context: dict[str, Any], blanks: dict[str, str], of_all: dict[str, Any]
    ) -> tuple[BatchTemplate, BatchTemplate]:
        """The mail to many as text and as HTML, with the blanks in place of what each has of its own."""
        agreement = SimpleNamespace(**blanks | of_all, facts=SimpleNamespace(**of_all))
        agreement.authors = [blanks["authors"]]
        in_blank = context | blanks | {"agreement": agreement}
        own = self.own.get((context["volume"].pk, kind))
        in_blank["own"] = custom_texts(own.body, in_blank) if own and context["own"] else []
        text, page = (BatchTemplate(rendered(f"{words}.{ending}", in_blank)) for ending in ("txt", "html"))
        return text, page

    def context(self, said: Message, volume: Volume, now: datetime) -> dict[str, Any]:
        """Everything that the mail's templates may say."""
        signing_settings = volume.signing_settings
        context: dict[str, Any] = {
            "volume": volume,
            "deadline": signing_settings.deadline_in_words,
            "late": now >= signing_settings.closes_at,
            "days_left": (signing_settings.closes_at - now).days,
            "link": self.link(said, *ON_BUTTONS),
            "stop": next(filter(None, (self.link(one, Link.Purpose.STOP) for one in (said, *said.parts))), ""),
            "addressee": self.name_of(said),
            "details": said.details,
            "base": settings.PUBLIC_BASE_URL,
        }
        if not said.volume_id:
            context |= about_agreement(said, now)
        if said.kind == Kind.TOGETHER:
            context |= {
                "invited": [
                    (one, self.link(one, Link.Purpose.SIGN), why_anew(one.agreement))
                    for one in said.parts
                    if one.kind == Kind.INVITATION
                ],
                "waiting": [(one, self.link(one, Link.Purpose.SIGN)) for one in said.parts if one.kind in REMINDING],
                "unsigned": [one.agreement for one in said.parts if one.kind == Kind.UNSIGNED],
                "first_title": next((one.agreement.title for one in said.parts if one.kind in TO_SIGNER), ""),
                "last_call": any(one.kind == Kind.LAST_CALL for one in said.parts),
            }
        own = self.own.get((volume.pk, first_of(said)))
        context["extra"] = own.extra if own else ""
        context["own"] = custom_texts(own.body, context) if own and own.body and said.kind in NEEDED else []
        return context

    def name_of(self, message: Message) -> str:
        return recipient_name(message)

    def link(self, message: Message, *purposes: Link.Purpose) -> str:
        return next((self.links[message.pk, one] for one in purposes if (message.pk, one) in self.links), "")

    def thread(self, message: Message) -> dict[str, str]:
        """Headers that let mail programs keep all mails about one agreement together (RFC 5322, 3.6.4)."""
        about = [one.agreement_id for one in (message, *message.parts)]
        first = list(dict.fromkeys(self.invitations[one] for one in about if one in self.invitations))
        if not first or message.message_id in first:
            return {}
        return {"In-Reply-To": first[0], "References": " ".join(first)}


def first_of(message: Message) -> str:
    """The kind whose additions by the volume a mail carries: one about several papers is an invitation or reminds."""
    if message.kind != Kind.TOGETHER:
        return message.kind
    return Kind.INVITATION if all(one.kind == Kind.INVITATION for one in message.parts) else Kind.REMINDER


def volume_of(message: Message) -> Volume:
    return message.volume or message.agreement.paper.volume


def recipient_name(message: Message) -> str:
    """The name of the one it is written to; empty for editors, who are written to as such."""
    if message.kind == Kind.TOGETHER:
        return recipient_name(min(message.parts, key=lambda one: one.kind == Kind.UNSIGNED))
    if message.kind == Kind.UNSIGNED:
        author = message.agreement.paper.authors.filter(email__iexact=message.recipient).first()
        return author.display if author else ""
    return message.agreement.signer if message.kind in TO_SIGNER else ""


def about_agreement(message: Message, now: datetime) -> dict[str, Any]:
    agreement = message.agreement
    return {
        "agreement": agreement,
        "reason": why_anew(agreement) if message.kind == Kind.INVITATION else "",
        "change_request": proposal_of(message),
        "edit": named_row(message, ABOUT_EDITS, agreement.edits),
        "correction": named_row(message, ABOUT_CORRECTIONS, agreement.corrections),
        "scan": f"{settings.PUBLIC_BASE_URL}/admin/agreements/agreement/{agreement.pk}/scan/",
        "sent_back": sent_back(message),
        "objections": history.objections(agreement) if message.kind == Kind.EDITOR_OBJECTED else [],
        "until": now + TIME_TO_OBJECT,
        "change_requests": f"{settings.PUBLIC_BASE_URL}/admin/agreements/changerequest/",
        "corrections": f"{settings.PUBLIC_BASE_URL}/admin/agreements/correction/",
        "desk": f"{settings.PUBLIC_BASE_URL}/admin/agreements/agreement/{agreement.pk}/change/",
        "co_authors": co_authors(message) if message.kind == Kind.EDITOR_REFUSED else [],
    } | (publication(agreement) if message.kind == Kind.PUBLISHED else {})


def publication(agreement: Agreement) -> dict[str, str]:
    """Where the paper is, and how it is cited in BibTeX."""
    return {
        "address": publication_url(agreement.paper),
        "citation": next(iter(citation_files(agreement.paper).values())),
    }


def placeholder_values(agreement: Agreement, context: dict[str, Any]) -> dict[str, str]:
    """What each mail to many has of its own."""
    of_mail = {name: str(context[name]) for name in ("link", "stop", "addressee")}
    of_agreement = {name: str(getattr(agreement, name)) for name in ("title", "signer", "reference")}
    return of_mail | of_agreement | {"authors": ", ".join(agreement.authors)}


def custom_texts(body: str, context: dict[str, Any]) -> list[str]:
    """A volume's own words for this one mail, in paragraphs."""
    agreement = context["agreement"]
    values = {"signer": agreement.signer, "title": agreement.title, "volume": context["volume"].name}
    return email_templates.paragraphs(
        email_templates.fill(body, values | {key: context[key] for key in ("link", "deadline")})
    )


def our_address() -> str:
    """What all mail comes from, without a name."""
    return bare(settings.DEFAULT_FROM_EMAIL)


@lru_cache(maxsize=8)
def bare(header: str) -> str:
    return parseaddr(header)[1]


def our_domain() -> str:
    return our_address().rpartition("@")[2]


def return_paths() -> ReturnPaths:
    """Where reports about our mails are to go: to where they come from, unless a mailbox is set apart for them."""
    return ReturnPaths(settings.BOUNCE_ADDRESS or our_address(), our_domain(), each=bool(settings.BOUNCE_ADDRESS))


def compose(message: Message, now: datetime) -> EmailMessage:
    """The mail for one outbox row."""
    return Composer([message], now).compose(message, now)


def why_anew(agreement: Agreement) -> str:
    """Why it takes the place of another one; empty if it does not."""
    return recognised(agreement.predecessor.reason, agreement.signer) if agreement.predecessor else ""


def proposal_of(message: Message) -> dict[str, Any] | None:
    """The proposal that a mail is about, with what it would change; its slot names it. None for all other mails."""
    if message.kind not in ABOUT_PROPOSALS:
        return None
    change_request = message.agreement.change_requests.get(pk=message.idempotency_key.split(":")[1])
    return {
        "note": change_request.note,
        "answer": change_request.answer,
        "differences": differences(message.agreement.facts, change_request.data),
    }


def named_row(message: Message, kinds: set[Kind], rows: Any) -> Any:
    """The edit or correction that a mail is about; its slot names it. None for all other mails."""
    return rows.get(pk=message.idempotency_key.split(":")[1]) if message.kind in kinds else None


def sent_back(message: Message) -> dict[str, Any] | None:
    """What was missing on a form signed by hand; the slot has the number of the event. None for all other mails."""
    if message.kind != Kind.SENT_BACK:
        return None
    data = message.agreement.events.get(number=message.idempotency_key.split(":")[1]).data
    return {"missing": [TOLD[each] for each in data["missing"]], "note": data["note"]}


def rendered(template: str, context: dict[str, Any]) -> str:
    return engines["django"].get_template(template).render(context)


def link_specs(message: Message, now: datetime) -> list[links.LinkSpec]:
    """The links that this kind of mail carries, made for it alone."""
    if message.kind == Kind.TOGETHER:
        wishes = [wish for part in message.parts for wish in link_specs(part, now)]
        stops = [wish for wish in wishes if wish.purpose == Link.Purpose.STOP]
        return [wish for wish in wishes if wish not in stops[1:]]  # one of them stops them all
    if message.kind in WITH_COPY:
        return [links.LinkSpec(message, Link.Purpose.COPY, now + COPY_LINK_LIFE)]
    if purpose := LATER.get(Kind(message.kind)):
        return [links.LinkSpec(message, purpose, now + LATER_LINK_LIFE)]
    if message.kind == Kind.COAUTHOR:
        return [links.LinkSpec(message, Link.Purpose.OBJECT, now + TIME_TO_OBJECT)]
    if message.kind not in WITH_LINK_TO_SIGN:
        return []
    until = max(message.agreement.paper.volume.signing_settings.closes_at, now) + SIGN_LINK_LIFE
    purposes = [Link.Purpose.SIGN] + [Link.Purpose.STOP] * (message.kind in REMINDING)
    return [links.LinkSpec(message, purpose, until) for purpose in purposes]


def co_authors(message: Message) -> list[str]:
    """Addresses of the paper's authors other than the one of its agreement."""
    known = message.agreement.paper.authors.exclude(email="").exclude(email__iexact=message.agreement.signer_email)
    return list(known.values_list("email", flat=True))


def one_click(url: str) -> dict[str, str]:
    """Headers by which a mail program offers to end the reminders (RFC 2369 and RFC 8058)."""
    return {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


@lru_cache(maxsize=64)
def named(name: str, address: str) -> str:
    """A header's address with a name before it. Raises ValueError where one of them would end or forge the header."""
    local, _, domain = address.rpartition("@")
    return str(Address(name, local, domain))  # as parts: to take an address apart by the standard's grammar is slow


def sealed_copy(agreement: Agreement) -> bytes:
    """The sealed PDF from private storage. Raises OSError while storage is away; the mail is then tried again."""
    with storages["private"].open(agreement.sealed_file) as file:
        return bytes(file.read())
