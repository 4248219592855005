"""Where papers stand, as far as their agreements go: rows -> `Standing`. Reads only, in queries that do not grow."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Exists, OuterRef, QuerySet

from agreements import pdf
from agreements.blockers import Blocker, Standing, blockers
from agreements.bundle import plain
from agreements.models import Agreement, Event, Message, Proposal, Terms
from agreements.states import LIVE, Status
from proceedings.filenames import Kind
from proceedings.models import Author, Paper, PaperFile, Volume
from proceedings.names import Name

FACTS = ["paper", "status", "title", "authors", "signer", "issued_at", "signed_at", "seal_error", "created_at"]

CARRY_LINKS = (Message.Kind.INVITATION, Message.Kind.REMINDER)
LEFT = (Message.State.SENT, Message.State.UNKNOWN, Message.State.FAILED)


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted paper as the board needs it."""

    pk: int
    key: str
    title: str
    who: str
    standing: Standing
    issued_at: datetime | None
    """Of the live agreement, else of the newest."""


def accepted(volume: Volume) -> QuerySet[Paper]:
    return Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)


def has_pdf_of(paper: str) -> Exists:
    """Whether the paper whose key stands in the column `paper` has its PDF."""
    return Exists(PaperFile.objects.filter(paper=OuterRef(paper), kind=Kind.PAPER))


def with_voices(agreements: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """`agreements`, each with whether a proposal waits for an editor and whether an author has objected."""
    proposals = Proposal.objects.filter(agreement=OuterRef("pk"), state=Proposal.State.OPEN)
    objections = Event.objects.filter(agreement=OuterRef("pk"), kind="object")
    return agreements.annotate(has_proposal=Exists(proposals), has_objection=Exists(objections))


def rows(papers: QuerySet[Paper], closes_at: datetime | None) -> list[Row]:
    """The `papers`, which are accepted ones of one volume, in their order. `closes_at` is the end of its deadline."""
    authors: dict[int, list[str]] = {}
    contacts: dict[int, str] = {}
    # Plain values: 14,000 model instances would cost more than all the rest.
    parts = ("paper_id", "is_contact", "given", "particle", "family", "suffix")
    for paper_id, is_contact, given, particle, family, suffix in (
        Author.objects.filter(paper__in=papers).order_by("paper_id", "position").values_list(*parts)
    ):
        name = str(Name(family=family, given=given, particle=particle, suffix=suffix))
        authors.setdefault(paper_id, []).append(name)
        if is_contact:
            contacts[paper_id] = name
    newest: dict[int, Agreement] = {}
    for agreement in with_voices(Agreement.objects.filter(paper__in=papers)).only(*FACTS).order_by("created_at", "pk"):
        former = newest.get(agreement.paper_id)
        if former is None or former.status not in LIVE:
            newest[agreement.paper_id] = agreement
    mails = last_mails(papers)
    found = list(
        papers.annotate(has_pdf=has_pdf_of("pk"))
        .order_by("position", "key")
        .values_list("pk", "key", "title", "volume__published", "has_pdf")
    )
    return [
        Row(
            pk,
            key,
            title,
            contacts.get(pk, ""),
            standing_of(
                newest.get(pk),
                title,
                authors.get(pk, []),
                mails,
                has_contact=pk in contacts,
                has_pdf=has_pdf,
                closes_at=closes_at,
                published=published,
            ),
            newest[pk].issued_at if pk in newest else None,
        )
        for pk, key, title, published, has_pdf in found
    ]


def last_mails(papers: QuerySet[Paper]) -> dict[int, list[str]]:
    """By agreement that waits: the states of the mails that carried a link, in the order in which they were made."""
    states: dict[int, list[str]] = {}
    mails = Message.objects.filter(agreement__paper__in=papers, agreement__status=Status.ISSUED)
    left = mails.filter(kind__in=CARRY_LINKS, state__in=LEFT)
    for agreement_id, state in left.order_by("created_at", "pk").values_list("agreement_id", "state"):
        states.setdefault(agreement_id, []).append(state)
    return states


def standing_of(
    agreement: Agreement | None,
    title: str,
    authors: list[str],
    mails: dict[int, list[str]],
    *,
    has_contact: bool,
    has_pdf: bool,
    closes_at: datetime | None,
    published: date | None,
) -> Standing:
    unprintable = (agreement is None or agreement.status not in LIVE) and bool(
        pdf.unprintable(" ".join([title, *authors]))
    )
    if agreement is None:
        return Standing(has_contact=has_contact, has_pdf=has_pdf, unprintable=unprintable)
    states = mails.get(agreement.pk, [])
    last = states[-1] if states else ""
    return Standing(
        has_contact=has_contact,
        has_pdf=has_pdf,
        unprintable=unprintable,
        status=agreement.status,
        signed_at=agreement.signed_at,
        drifted=drifted(title, authors, agreement),
        invited=any(state != "failed" for state in states),
        refused=last == "failed",
        mail_unknown=last == "unknown",
        seal_failed=bool(agreement.seal_error),
        proposal=agreement.has_proposal,  # type: ignore[attr-defined]
        objection=agreement.has_objection,  # type: ignore[attr-defined]
        closes_at=closes_at,
        published=published is not None,
    )


def of_loaded(paper: Paper, agreement: Agreement | None, *, has_pdf: bool) -> Standing:
    """The same of one paper with its authors and its volume's terms, and its agreement with messages and voices."""
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    messages = sorted(agreement.messages.all(), key=lambda m: (m.created_at, m.pk)) if agreement else []
    states = [str(m.state) for m in messages if m.kind in CARRY_LINKS and m.state in LEFT]
    terms = getattr(paper.volume, "terms", None)
    return standing_of(
        agreement,
        paper.title,
        [author.display for author in authors],
        {agreement.pk: states} if agreement and agreement.status == Status.ISSUED else {},
        has_contact=any(author.is_contact for author in authors),
        has_pdf=has_pdf,
        closes_at=terms.closes_at if terms else None,
        published=paper.volume.published,
    )


def drifted(title: str, authors: list[str], agreement: Agreement) -> bool:
    """Whether the paper says otherwise than its agreement. Equal texts, the usual case, are told at once."""
    if title == agreement.title and authors == agreement.authors:
        return False
    return plain(title) != plain(agreement.title) or [*map(plain, authors)] != [*map(plain, agreement.authors)]


def blocked_by(volume: Volume, blocker: Blocker, now: datetime) -> list[int]:
    """Primary keys of the papers that `blocker` blocks."""
    terms = Terms.objects.filter(volume=volume).first()
    found = rows(accepted(volume), terms.closes_at if terms else None)
    return [row.pk for row in found if blocker in blockers(row.standing, now)]
