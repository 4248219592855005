"""What keeps a paper from delivery. Pure: PaperState in, blockers out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agreements.domain.states import WAITING, Status

LAPSE_WARNING_AFTER = timedelta(days=270)
"""Nine months after the signature, an unpublished paper is about to lapse (clause 7)."""
LAST_MONTH_AFTER = timedelta(days=335)
"""After eleven months it lapses within a month."""


class Blocker(StrEnum):
    """In order of urgency: first what needs action by an editor.

    The values are in the links of sent emails and in bookmarks of the lists, so they never change.
    """

    NO_CONTACT = "no-contact"
    NAME = "name"
    UNPRINTABLE = "unprintable"
    LICENCE = "licence"
    DECLINED = "declined"
    UNDELIVERABLE = "refused"
    NOT_ARRIVING = "not-arriving"
    EMAIL_REJECTED = "email-rejected"
    MAIL_UNKNOWN = "mail-unknown"
    RECEIVED = "received"
    CHANGE_REQUEST = "proposal"
    MISMATCH = "drifted"
    SEAL_FAILED = "seal-failed"
    OBJECTION = "objection"
    EDIT = "edit"
    PUBLISHER = "publisher"
    LAPSED = "lapsed"
    LAST_MONTH = "last-month"
    LAPSING = "lapsing"
    NOT_ISSUED = "not-issued"
    OVERDUE = "overdue"
    UNANSWERED = "silent"
    WAITING = "waiting"
    NOT_SENT = "not-sent"
    SEAL_PENDING = "seal-pending"
    NO_PDF = "no-pdf"
    NAME_DOUBT = "name-doubt"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class BlockerInfo:
    """A blocker's label and advice. `needs_action`: an editor must act; otherwise it resolves without one."""

    label: str
    advice: str
    needs_action: bool
    blocks_delivery: bool = True
    """Whether it keeps the paper from delivery."""


BLOCKER_INFO = {
    Blocker.NO_CONTACT: BlockerInfo(
        "no corresponding author",
        "Choose one on the paper’s page and enter an email address. Then issue the agreement.",
        needs_action=True,
    ),
    Blocker.NAME: BlockerInfo(
        "name probably wrong",
        "The import probably misread a name. Correct it under Names; later imports use your answer.",
        needs_action=True,
    ),
    Blocker.UNPRINTABLE: BlockerInfo(
        "characters the form cannot print",
        "The title or a name has a character that is in none of the form’s fonts. Use other characters.",
        needs_action=True,
    ),
    Blocker.LICENCE: BlockerInfo(
        "another licence",
        "The submission states another licence than the agreement grants. Ask the authors before they sign, then clear "
        "the licence on the paper’s page.",
        needs_action=True,
        blocks_delivery=False,
    ),
    Blocker.DECLINED: BlockerInfo(
        "declined",
        "Read the reason and contact the authors. Then issue a new agreement or withdraw the paper.",
        needs_action=True,
    ),
    Blocker.UNDELIVERABLE: BlockerInfo(
        "undeliverable address",
        "We cannot deliver email to the signer. Choose another signer, or correct the address.",
        needs_action=True,
    ),
    Blocker.NOT_ARRIVING: BlockerInfo(
        "emails not arriving",
        "Emails to the signer have bounced for days, for example because the mailbox is full. The agreement’s page "
        "shows the reason. Write to the author in another way, or choose another signer.",
        needs_action=True,
    ),
    Blocker.EMAIL_REJECTED: BlockerInfo(
        "email rejected or returned",
        "A mail server rejected or returned the last email, and the address may be right. The agreement’s page shows "
        "the reason. Send a reminder now, or write to the author yourself.",
        needs_action=True,
    ),
    Blocker.MAIL_UNKNOWN: BlockerInfo(
        "email delivery unknown",
        "The mail server did not confirm delivery. Ask the author, or send a reminder now.",
        needs_action=True,
    ),
    Blocker.RECEIVED: BlockerInfo(
        "signed form needs review",
        "A signer sent a form signed by hand. Review it on the agreement’s page: accept it or send it back.",
        needs_action=True,
    ),
    Blocker.CHANGE_REQUEST: BlockerInfo(
        "open change request",
        "The signer asks for another signer, title or names. Accept or reject the request. Until then, but for a week "
        "at most, we send no reminders.",
        needs_action=True,
    ),
    Blocker.MISMATCH: BlockerInfo(
        "title or authors changed",
        "The paper and its agreement differ. Replace the agreement, or correct the paper.",
        needs_action=True,
    ),
    Blocker.SEAL_FAILED: BlockerInfo(
        "sealing failed",
        "The agreement’s page shows the error. The server tries again. The signature stays valid.",
        needs_action=True,
    ),
    Blocker.OBJECTION: BlockerInfo(
        "objection by a co-author",
        "The agreement’s page shows who objects and why. The signature is valid unless you replace or void it.",
        needs_action=True,
        blocks_delivery=False,
    ),
    Blocker.EDIT: BlockerInfo(
        "unconfirmed edit",
        "The author must confirm a substantive edit before delivery (clause 5). Ask again, or undo the edit.",
        needs_action=True,
    ),
    Blocker.PUBLISHER: BlockerInfo(
        "publisher check failed",
        "The volume’s page Checks lists the errors and corrections to apply. We check every minute.",
        needs_action=True,
    ),
    Blocker.LAPSED: BlockerInfo(
        "lapsed", "The paper was not published within a year (clause 7). Issue a new agreement.", needs_action=True
    ),
    Blocker.LAST_MONTH: BlockerInfo(
        "lapses within a month",
        "Signed eleven months ago and not published. Publish the paper, or issue a new agreement in time.",
        needs_action=True,
        blocks_delivery=False,
    ),
    Blocker.LAPSING: BlockerInfo(
        "lapses within three months",
        "Signed nine months ago and not published. It lapses after a year (clause 7).",
        needs_action=True,
        blocks_delivery=False,
    ),
    Blocker.NOT_ISSUED: BlockerInfo("not issued", "Select the papers and issue their agreements.", needs_action=True),
    Blocker.OVERDUE: BlockerInfo(
        "overdue",
        "The deadline has passed. Write to the author yourself, or choose a co-author as signer.",
        needs_action=True,
    ),
    Blocker.UNANSWERED: BlockerInfo(
        "no answer to reminders",
        "Write to the author yourself, choose a co-author as signer, or correct the address. We also asked the "
        "co-authors whose addresses we know.",
        needs_action=True,
    ),
    Blocker.WAITING: BlockerInfo("awaiting signature", "The server sends reminders.", needs_action=False),
    Blocker.NOT_SENT: BlockerInfo("invitation queued", "The server sends it within a minute.", needs_action=False),
    Blocker.SEAL_PENDING: BlockerInfo(
        "seal pending", "Signed. The server seals it within a minute.", needs_action=False
    ),
    Blocker.NAME_DOUBT: BlockerInfo(
        "name to review",
        "The import guessed which part is the family name. Review it under Names.",
        needs_action=False,
        blocks_delivery=False,
    ),
    Blocker.WAIVED: BlockerInfo(
        "waived",
        "No signature needed. The permissions package lists each with its reason. The publisher expects an agreement "
        "for every paper: ask its series editor.",
        needs_action=False,
        blocks_delivery=False,
    ),
    Blocker.NO_PDF: BlockerInfo(
        "no PDF", "Upload the papers’ files under Files, singly or in a zip.", needs_action=False
    ),
}

SUITABLE_ACTIONS = {
    Blocker.NO_CONTACT: "contact",
    Blocker.UNDELIVERABLE: "contact",
    Blocker.NOT_ISSUED: "issue",
    Blocker.DECLINED: "issue",
    Blocker.LAPSED: "issue",
    Blocker.MISMATCH: "supersede",
    Blocker.NOT_ARRIVING: "contact",
    Blocker.EMAIL_REJECTED: "remind",
    Blocker.MAIL_UNKNOWN: "remind",
    Blocker.OVERDUE: "remind",
    Blocker.UNANSWERED: "remind",
    Blocker.WAITING: "remind",
}
"""The bulk action that the overview offers for each blocker; the others need a decision for each paper."""


@dataclass(frozen=True, slots=True)
class PaperState:
    """The state of one accepted paper, as the blockers need it."""

    has_contact: bool
    has_pdf: bool = True
    name_wrong: bool = False
    """The import likely misread a name, and nobody has reviewed it."""
    name_doubtful: bool = False
    """The import guessed a name, likely correctly."""
    has_errors: bool = False
    """The last publisher check found an error."""
    other_licence: bool = False
    """The submission system states another licence than the agreement grants."""
    unprintable: bool = False
    """No font of the form has some character of the title or a name, and no agreement is issued yet."""
    status: str | None = None
    """Of the live agreement, else of the newest; None without any."""
    signed_at: datetime | None = None
    has_mismatch: bool = False
    invited: bool = False
    """At least one email with a link is sent or delivery unknown."""
    undeliverable: bool = False
    """The signer's address is undeliverable, or the last email to the signer failed for good."""
    rejected: bool = False
    """The last email to the signer was rejected as unwanted, or returned for a reason that is unknown."""
    not_arriving: bool = False
    """The last email to the signer bounced like several before it."""
    mail_unknown: bool = False
    """The delivery of the last email to the signer is unknown."""
    seal_failed: bool = False
    change_request: bool = False
    """The signer has an open change request."""
    objection: bool = False
    """A co-author has objected to the signature."""
    unanswered: bool = False
    """As many reminders remained unanswered as the signing settings allow before the editors hear of it."""
    edit: bool = False
    """An edit is not confirmed, or the author declined it."""
    closes_at: datetime | None = None
    published: bool = False

    @property
    def signature_at(self) -> datetime | None:
        """When it was signed, if the signature still applies: not after it lapsed or was voided."""
        return self.signed_at if self.status in (Status.SIGNED, Status.SEALED) else None


def find_blockers(paper_state: PaperState, now: datetime) -> list[Blocker]:
    """Return everything that blocks delivery, most urgent first; empty if the paper may be delivered."""
    match paper_state.status:
        case Status.SEALED | Status.SIGNED:
            found = signed_blockers(paper_state, now)
        case Status.ISSUED | Status.RECEIVED:
            found = awaiting_blockers(paper_state, now)
        case Status.DECLINED:
            found = {Blocker.DECLINED}
        case Status.LAPSED:
            found = {Blocker.LAPSED}
        case Status.WAIVED:
            found = {Blocker.WAIVED}
        case _:
            found = unissued_blockers(paper_state)
    if paper_state.has_mismatch and paper_state.status in (*WAITING, Status.SIGNED, Status.SEALED):
        found.add(Blocker.MISMATCH)
    if paper_state.other_licence and paper_state.status not in (Status.SIGNED, Status.SEALED, Status.WAIVED):
        found.add(Blocker.LICENCE)  # who has signed has decided
    found |= paper_blockers(paper_state)
    return [blocker for blocker in Blocker if blocker in found]


def paper_blockers(paper_state: PaperState) -> set[Blocker]:
    """Return blockers of the paper itself, whatever its agreement's status."""
    found = set()
    if not paper_state.has_pdf:
        found.add(Blocker.NO_PDF)
    if paper_state.has_errors:
        found.add(Blocker.PUBLISHER)
    if paper_state.name_wrong:
        found.add(Blocker.NAME)
    elif paper_state.name_doubtful:
        found.add(Blocker.NAME_DOUBT)
    return found


def unissued_blockers(paper_state: PaperState) -> set[Blocker]:
    if not paper_state.has_contact:
        return {Blocker.NO_CONTACT}
    return {Blocker.UNPRINTABLE if paper_state.unprintable else Blocker.NOT_ISSUED}


def signed_blockers(paper_state: PaperState, now: datetime) -> set[Blocker]:
    found = set()
    if paper_state.status == Status.SIGNED:
        found.add(Blocker.SEAL_FAILED if paper_state.seal_failed else Blocker.SEAL_PENDING)
    if paper_state.edit:
        found.add(Blocker.EDIT)
    if paper_state.objection:
        found.add(Blocker.OBJECTION)
    if paper_state.signed_at and not paper_state.published and now >= paper_state.signed_at + LAPSE_WARNING_AFTER:
        found.add(Blocker.LAST_MONTH if now >= paper_state.signed_at + LAST_MONTH_AFTER else Blocker.LAPSING)
    return found


def awaiting_blockers(paper_state: PaperState, now: datetime) -> set[Blocker]:
    change_request = {Blocker.CHANGE_REQUEST} if paper_state.change_request else set()
    other = Blocker.RECEIVED if paper_state.status == Status.RECEIVED else awaiting_blocker(paper_state, now)
    return {*change_request, other}


def awaiting_blocker(paper_state: PaperState, now: datetime) -> Blocker:
    """Return what the agreement waits for: an email to arrive, or a signature."""
    if paper_state.undeliverable:
        return Blocker.UNDELIVERABLE
    if paper_state.not_arriving:
        return Blocker.NOT_ARRIVING
    if paper_state.rejected:
        return Blocker.EMAIL_REJECTED
    if paper_state.mail_unknown:
        return Blocker.MAIL_UNKNOWN
    if not paper_state.invited:
        return Blocker.NOT_SENT
    if paper_state.closes_at and now >= paper_state.closes_at:
        return Blocker.OVERDUE
    return Blocker.UNANSWERED if paper_state.unanswered else Blocker.WAITING
