"""Every kind of email, one row each: who gets it, which links it carries, how it behaves.

A new kind needs a value of `Message.Kind`, a row here, three templates named by the value, and a line in
`docs/emails.md`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum

from agreements.models import Link, Message

Kind = Message.Kind
Purpose = Link.Purpose


class Recipient(Enum):
    """Who gets an email; the values are for the documentation."""

    SIGNER = "the signer"
    COAUTHOR = "a co-author"
    OTHER_AUTHORS = "each author but the signer"
    ALL_AUTHORS = "each author"
    REQUESTER = "the person who asked"
    ASKED = "the signer or a co-author"
    EDITORS = "the volume editors"


class Request(Enum):
    """How an email asks for a signature."""

    FIRST = "for the first time"
    AGAIN = "again"


class Topic(Enum):
    """What an email is about beside its agreement; `context.TOPICS` reads it for the templates."""

    REPLACED = "the agreement that it replaces"
    CHANGE_REQUEST = "a change request"
    EDIT = "an edit"
    CORRECTION = "a correction"
    SIGNED_FORM = "what a signed form lacks"
    OBJECTIONS = "the objections"
    OTHER_ADDRESSES = "the addresses of the other authors"
    PUBLICATION = "the published paper"
    PAPERS = "the papers that it combines"


class Attachment(Enum):
    """The files that an email brings."""

    SEALED_PDF = "the sealed PDF"
    CITATIONS = "the citation files"


@dataclass(frozen=True)
class EmailKind:
    """One kind of email."""

    kind: Kind
    to: Recipient
    links: tuple[Purpose, ...] = ()
    """Made for each email; the first one is its button."""
    request: Request | None = None
    topic: Topic | None = None
    attachment: Attachment | None = None
    placeholders: tuple[str, ...] = ()
    """What a volume's own text must contain, once each. Without any, a volume cannot write its own text."""
    is_unrequested: bool = False
    """Whether nobody asked for it. Neither an invitation nor a reminder follows within the gap."""
    is_answer: bool = False
    """Whether somebody asked for a new link, and this brings it."""

    @property
    def label(self) -> str:
        return str(self.kind.label)

    @property
    def templates(self) -> tuple[str, str, str]:
        """Subject, text and HTML."""
        return f"{self.path}.subject.txt", f"{self.path}.txt", f"{self.path}.html"

    @property
    def path(self) -> str:
        """The common beginning of its templates."""
        return f"agreements/mail/{self.kind.value}"

    @property
    def is_to_authors(self) -> bool:
        """Whether it is written in its reader's language. Editors read English."""
        return self.to is not Recipient.EDITORS

    @property
    def asks(self) -> bool:
        """Whether it asks for the signature of one agreement."""
        return self.request is not None

    @property
    def asks_again(self) -> bool:
        return self.request is Request.AGAIN

    @property
    def reminds(self) -> bool:
        """Whether it asks the signer again. A request to a co-author asks again too, and reminds nobody."""
        return self.asks_again and self.to is Recipient.SIGNER

    @property
    def is_batch(self) -> bool:
        """Whether it says the same to a whole volume, but for a few words. Rendered once for all of them."""
        return self.asks and self.to is Recipient.SIGNER

    @property
    def is_combined(self) -> bool:
        """Whether it carries the emails about several papers."""
        return self.topic is Topic.PAPERS

    @property
    def signs(self) -> bool:
        """Whether it carries a signing link."""
        return Purpose.SIGN in self.links

    @property
    def brings_link(self) -> bool:
        """Whether it carries a signing link without being asked for one."""
        return self.signs and not self.is_answer

    @property
    def ends_with_request(self) -> bool:
        """Whether nobody wants it any more when the agreement no longer awaits a signature, or reminders ended."""
        return self.asks or (self.signs and self.is_answer)

    @property
    def has_own_text(self) -> bool:
        """Whether a volume may write its own text."""
        return bool(self.placeholders)


LINK_AND_DEADLINE = ("link", "deadline")

ROWS = (
    EmailKind(
        Kind.INVITATION, Recipient.SIGNER, (Purpose.SIGN,), Request.FIRST, Topic.REPLACED,
        placeholders=LINK_AND_DEADLINE, is_unrequested=True,
    ),
    EmailKind(
        Kind.REMINDER, Recipient.SIGNER, (Purpose.SIGN, Purpose.STOP), Request.AGAIN,
        placeholders=LINK_AND_DEADLINE, is_unrequested=True,
    ),
    EmailKind(
        Kind.LAST_CALL, Recipient.SIGNER, (Purpose.SIGN, Purpose.STOP), Request.AGAIN,
        placeholders=LINK_AND_DEADLINE, is_unrequested=True,
    ),
    EmailKind(
        Kind.UNSIGNED, Recipient.COAUTHOR, request=Request.AGAIN,
        placeholders=("title", "deadline"), is_unrequested=True,
    ),
    EmailKind(Kind.TOGETHER, Recipient.ASKED, topic=Topic.PAPERS, is_unrequested=True),
    EmailKind(Kind.RECEIPT, Recipient.SIGNER, (Purpose.COPY,), attachment=Attachment.SEALED_PDF),
    EmailKind(Kind.DECLINED, Recipient.SIGNER),
    EmailKind(Kind.EDITOR_DECLINED, Recipient.EDITORS),
    EmailKind(Kind.FRESH, Recipient.SIGNER, (Purpose.SIGN,), is_answer=True),
    EmailKind(Kind.COPY, Recipient.SIGNER, (Purpose.COPY,), attachment=Attachment.SEALED_PDF, is_answer=True),
    EmailKind(Kind.HANDED_OVER, Recipient.SIGNER),
    EmailKind(Kind.EDITOR_HANDED_OVER, Recipient.EDITORS),
    EmailKind(Kind.EDITOR_PROPOSAL, Recipient.EDITORS, topic=Topic.CHANGE_REQUEST),
    EmailKind(Kind.PROPOSAL_REFUSED, Recipient.SIGNER, topic=Topic.CHANGE_REQUEST),
    EmailKind(Kind.COAUTHOR, Recipient.OTHER_AUTHORS, (Purpose.OBJECT,), is_unrequested=True),
    EmailKind(Kind.EDITOR_OBJECTED, Recipient.EDITORS, topic=Topic.OBJECTIONS),
    EmailKind(Kind.EDITOR_REFUSED, Recipient.EDITORS, topic=Topic.OTHER_ADDRESSES),
    EmailKind(Kind.EDITOR_STOPPED, Recipient.EDITORS),
    EmailKind(Kind.EDITOR_DAILY, Recipient.EDITORS),
    EmailKind(Kind.EDIT, Recipient.SIGNER, (Purpose.EDIT,), topic=Topic.EDIT),
    EmailKind(Kind.EDITOR_EDIT, Recipient.EDITORS, topic=Topic.EDIT),
    EmailKind(
        Kind.PUBLISHED, Recipient.ALL_AUTHORS, (Purpose.CORRECT,),
        topic=Topic.PUBLICATION, attachment=Attachment.CITATIONS,
    ),
    EmailKind(Kind.EDITOR_CORRECTION, Recipient.EDITORS, topic=Topic.CORRECTION),
    EmailKind(Kind.CORRECTION, Recipient.REQUESTER, topic=Topic.CORRECTION),
    EmailKind(Kind.EDITOR_RECEIVED, Recipient.EDITORS),
    EmailKind(Kind.SENT_BACK, Recipient.SIGNER, (Purpose.SIGN,), topic=Topic.SIGNED_FORM),
)  # fmt: skip

KINDS: Mapping[Message.Kind, EmailKind] = {row.kind: row for row in ROWS}


def kind_of(message: Message) -> EmailKind:
    """The row of an email's kind."""
    return KINDS[Kind(message.kind)]


def kinds_where(holds: Callable[[EmailKind], bool]) -> tuple[Message.Kind, ...]:
    """The kinds for which something holds, in the order of the table: for queries."""
    return tuple(row.kind for row in ROWS if holds(row))


SIGNATURE_REQUESTS = kinds_where(lambda row: row.asks)
"""They ask for a signature, for the first time or again."""
REPEATED_REQUESTS = kinds_where(lambda row: row.asks_again)
"""They ask for a signature that was asked for before, of the signer or of co-authors."""
REMINDERS = kinds_where(lambda row: row.reminds)
"""They ask the signer again."""
ALL_REQUESTS = kinds_where(lambda row: row.asks or row.is_combined)
"""They ask for one signature or for several."""
UNREQUESTED = kinds_where(lambda row: row.is_unrequested)
"""Nobody asked for them: neither an invitation nor a reminder follows one of them within the gap."""
WITH_LINK = kinds_where(lambda row: row.brings_link)
"""They bring the signer a signing link, without being asked for one."""
ANSWERS = kinds_where(lambda row: row.is_answer)
"""They bring a new link to those who asked for one."""
WITH_OWN_TEXT = kinds_where(lambda row: row.has_own_text)
"""A volume may write its own text for them."""
