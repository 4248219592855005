"""What keeps a paper from delivery. Pure: PaperState in, blockers out."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from agreements.domain.states import WAITING, Status

LAPSING = timedelta(days=270)
"""Nine months after the signature, an unpublished paper is about to lapse (clause 7)."""
LAST_MONTH = timedelta(days=335)
"""After eleven months it lapses within a month."""


class Blocker(StrEnum):
    """In order of urgency: first what needs action by an editor."""

    NO_CONTACT = "no-contact"
    NAME = "name"
    UNPRINTABLE = "unprintable"
    DECLINED = "declined"
    REFUSED = "refused"
    MAIL_UNKNOWN = "mail-unknown"
    RECEIVED = "received"
    PROPOSAL = "change_request"
    DRIFTED = "drifted"
    SEAL_FAILED = "seal-failed"
    OBJECTION = "objection"
    EDIT = "edit"
    PUBLISHER = "publisher"
    LAPSED = "lapsed"
    LAST_MONTH = "last-month"
    LAPSING = "lapsing"
    NOT_ISSUED = "not-issued"
    OVERDUE = "overdue"
    SILENT = "silent"
    WAITING = "waiting"
    NOT_SENT = "not-sent"
    SEAL_PENDING = "seal-pending"
    NO_PDF = "no-pdf"
    NAME_DOUBT = "name-doubt"
    WAIVED = "waived"


@dataclass(frozen=True, slots=True)
class BlockerInfo:
    """A blocker's label and advice. `person`: an editor must act; otherwise it resolves without one."""

    words: str
    advice: str
    person: bool
    stops: bool = True
    """Whether it keeps the paper from delivery."""


BLOCKER_INFO = {
    Blocker.NO_CONTACT: BlockerInfo(
        "no corresponding author", "Choose one on the paper’s page and give an e-mail address; then issue.", person=True
    ),
    Blocker.NAME: BlockerInfo(
        "name problem", "A name was likely misread. Settle it under Names; the answer is remembered.", person=True
    ),
    Blocker.UNPRINTABLE: BlockerInfo(
        "letters the form cannot show",
        "The paper’s title or a name has a character that no font of the form has. Write it in other letters.",
        person=True,
    ),
    Blocker.DECLINED: BlockerInfo(
        "declined", "Read the reason, clear it up with the authors, issue again or withdraw the paper.", person=True
    ),
    Blocker.REFUSED: BlockerInfo(
        "mail refused",
        "The signer’s address takes no mail. Choose another author to sign, or correct the address.",
        person=True,
    ),
    Blocker.MAIL_UNKNOWN: BlockerInfo(
        "mail may not have arrived", "A server’s answer was lost. Ask the author, or remind now.", person=True
    ),
    Blocker.RECEIVED: BlockerInfo(
        "paper form to look at",
        "An author sent the form signed by hand. Look at it on the agreement’s page: accept it, or send it back.",
        person=True,
    ),
    Blocker.PROPOSAL: BlockerInfo(
        "a proposal waits",
        "An author asks for another signer or other facts: accept or refuse it. Meanwhile, for a week at most, no "
        "reminders go out.",
        person=True,
    ),
    Blocker.DRIFTED: BlockerInfo(
        "title or authors changed",
        "The paper says otherwise than its agreement. Replace the agreement, or set the paper right.",
        person=True,
    ),
    Blocker.SEAL_FAILED: BlockerInfo(
        "sealing fails",
        "The agreement’s page says why. It is tried again by itself; the signature stands.",
        person=True,
    ),
    Blocker.OBJECTION: BlockerInfo(
        "an author objects",
        "The agreement’s page says who and why. The signature stands until you replace or void the agreement.",
        person=True,
        stops=False,
    ),
    Blocker.EDIT: BlockerInfo(
        "an edit is not confirmed",
        "A substantive edit is verified with the author before delivery (clause 5). Ask again, or undo the edit.",
        person=True,
    ),
    Blocker.PUBLISHER: BlockerInfo(
        "the publisher’s check objects",
        "The paper’s page says to what, and what to write instead. Counted every minute.",
        person=True,
    ),
    Blocker.LAPSED: BlockerInfo(
        "lapsed", "A year has passed unpublished (clause 7). Issue a new agreement.", person=True
    ),
    Blocker.LAST_MONTH: BlockerInfo(
        "lapses within a month",
        "Signed eleven months ago and not published. Publish it, or ask its authors for a new agreement in time.",
        person=True,
    ),
    Blocker.LAPSING: BlockerInfo(
        "about to lapse", "Signed nine months ago and not published: after a year it lapses (clause 7).", person=True
    ),
    Blocker.NOT_ISSUED: BlockerInfo("not issued", "Select them and issue the agreements.", person=True),
    Blocker.OVERDUE: BlockerInfo(
        "overdue", "The deadline has passed. Write to them yourself, or ask a co-author.", person=True
    ),
    Blocker.SILENT: BlockerInfo(
        "no answer to the reminders",
        "Write to the author yourself, ask a co-author to sign, or correct the address. The co-authors have been asked "
        "too, where their addresses are known.",
        person=True,
    ),
    Blocker.WAITING: BlockerInfo("waiting for signature", "Reminders go out by themselves.", person=False),
    Blocker.NOT_SENT: BlockerInfo("invitation not sent yet", "It goes out within a minute.", person=False),
    Blocker.SEAL_PENDING: BlockerInfo("seal pending", "Signed; the seal is set within a minute.", person=False),
    Blocker.NAME_DOUBT: BlockerInfo(
        "name to check",
        "Which part is the family name was guessed. Look them over under Names.",
        person=False,
        stops=False,
    ),
    Blocker.WAIVED: BlockerInfo(
        "waived",
        "No signature: the packages name each with its reason. The publisher asks for an agreement for every paper, so "
        "settle these with its series editor.",
        person=False,
        stops=False,
    ),
    Blocker.NO_PDF: BlockerInfo(
        "no PDF", "Upload the papers’ files under Files, one by one or in a zip.", person=False
    ),
}

SUITABLE_ACTIONS = {
    Blocker.NO_CONTACT: "contact",
    Blocker.REFUSED: "contact",
    Blocker.NOT_ISSUED: "issue",
    Blocker.DECLINED: "issue",
    Blocker.LAPSED: "issue",
    Blocker.DRIFTED: "supersede",
    Blocker.MAIL_UNKNOWN: "remind",
    Blocker.OVERDUE: "remind",
    Blocker.SILENT: "remind",
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
    flawed: bool = False
    """The last publisher check found an error."""
    unprintable: bool = False
    """No font of the form has some character of the title or a name, and no agreement is issued yet."""
    status: str | None = None
    """Of the live agreement, else of the newest; None without any."""
    signed_at: datetime | None = None
    drifted: bool = False
    invited: bool = False
    """At least one email with a link is sent or delivery unknown."""
    refused: bool = False
    """The last email to the signer failed for good or bounced."""
    mail_unknown: bool = False
    """The delivery of the last email to the signer is unknown."""
    seal_failed: bool = False
    change_request: bool = False
    """The signer has an open change request."""
    objection: bool = False
    """A co-author has objected to the signature."""
    silent: bool = False
    """As many reminders remained unanswered as the signing settings allow before the editors hear of it."""
    edit: bool = False
    """An edit is not confirmed, or the author declined it."""
    closes_at: datetime | None = None
    published: bool = False

    @property
    def signature_at(self) -> datetime | None:
        """When it was signed, if the signature still applies: not after it lapsed or was voided."""
        return self.signed_at if self.status in (Status.SIGNED, Status.SEALED) else None


def blockers(paper_state: PaperState, now: datetime) -> list[Blocker]:
    """Return everything that blocks delivery, most urgent first; empty if the paper may be delivered."""
    match paper_state.status:
        case Status.SEALED | Status.SIGNED:
            found = blockers_of_signed(paper_state, now)
        case Status.ISSUED | Status.RECEIVED:
            found = blockers_of_waiting(paper_state, now)
        case Status.DECLINED:
            found = {Blocker.DECLINED}
        case Status.LAPSED:
            found = {Blocker.LAPSED}
        case Status.WAIVED:
            found = {Blocker.WAIVED}
        case _:
            found = blockers_of_unissued(paper_state)
    if paper_state.drifted and paper_state.status in (*WAITING, Status.SIGNED, Status.SEALED):
        found.add(Blocker.DRIFTED)
    found |= blockers_of_paper(paper_state)
    return [blocker for blocker in Blocker if blocker in found]


def blockers_of_paper(paper_state: PaperState) -> set[Blocker]:
    """Return blockers of the paper itself, whatever its agreement's status."""
    found = set()
    if not paper_state.has_pdf:
        found.add(Blocker.NO_PDF)
    if paper_state.flawed:
        found.add(Blocker.PUBLISHER)
    if paper_state.name_wrong:
        found.add(Blocker.NAME)
    elif paper_state.name_doubtful:
        found.add(Blocker.NAME_DOUBT)
    return found


def blockers_of_unissued(paper_state: PaperState) -> set[Blocker]:
    if not paper_state.has_contact:
        return {Blocker.NO_CONTACT}
    return {Blocker.UNPRINTABLE if paper_state.unprintable else Blocker.NOT_ISSUED}


def blockers_of_signed(paper_state: PaperState, now: datetime) -> set[Blocker]:
    found = set()
    if paper_state.status == Status.SIGNED:
        found.add(Blocker.SEAL_FAILED if paper_state.seal_failed else Blocker.SEAL_PENDING)
    if paper_state.edit:
        found.add(Blocker.EDIT)
    if paper_state.objection:
        found.add(Blocker.OBJECTION)
    if paper_state.signed_at and not paper_state.published and now >= paper_state.signed_at + LAPSING:
        found.add(Blocker.LAST_MONTH if now >= paper_state.signed_at + LAST_MONTH else Blocker.LAPSING)
    return found


def blockers_of_waiting(paper_state: PaperState, now: datetime) -> set[Blocker]:
    change_request = {Blocker.PROPOSAL} if paper_state.change_request else set()
    waits = Blocker.RECEIVED if paper_state.status == Status.RECEIVED else mail_or_signature(paper_state, now)
    return {*change_request, waits}


def mail_or_signature(paper_state: PaperState, now: datetime) -> Blocker:
    """Return what the agreement waits for: an email to arrive, or a signature."""
    if paper_state.refused:
        return Blocker.REFUSED
    if paper_state.mail_unknown:
        return Blocker.MAIL_UNKNOWN
    if not paper_state.invited:
        return Blocker.NOT_SENT
    if paper_state.closes_at and now >= paper_state.closes_at:
        return Blocker.OVERDUE
    return Blocker.SILENT if paper_state.silent else Blocker.WAITING
