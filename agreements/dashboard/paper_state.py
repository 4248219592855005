"""Where papers stand, as far as their agreements go: rows -> `Standing`. Reads only, in queries that do not grow."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery
from django.db.models.functions import Lower

from agreements.dashboard import precheck
from agreements.dashboard.blockers import Blocker, PaperState, blockers
from agreements.delivery.readiness import plain
from agreements.documents import pdf
from agreements.domain.facts import counts_from
from agreements.domain.states import LIVE, Status
from agreements.models import Agreement, ChangeRequest, Edit, EmailAddress, Event, Message, SigningSettings
from agreements.reminders.planner import REMINDING
from proceedings.bibtex.names import Name
from proceedings.importing import name_review
from proceedings.models import Author, Paper, PaperFile, Volume
from proceedings.publisher.filenames import Kind

CARRY_LINKS = (Message.Kind.INVITATION, Message.Kind.SENT_BACK, *REMINDING)
LEFT = (Message.State.SENT, Message.State.UNKNOWN, Message.State.FAILED)


class Seen(NamedTuple):
    """An agreement as far as the board looks at it."""

    status: str
    title: str
    authors: list[str]
    issued_at: datetime | None
    signed_at: datetime | None
    dated: date | None
    seal_error: str
    has_proposal: bool
    has_objection: bool
    has_edit: bool
    stopped: bool
    """The signer's address takes no mail."""
    last_mail: str | None
    """The state of the last mail that carried a link, where the agreement waits for its signature."""
    invited: int | None
    """One of them that has left, or may have."""
    reminders: int | None
    """So many of them were reminders; None for none."""

    @property
    def refused(self) -> bool:
        return self.last_mail == Message.State.FAILED


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted paper as the board needs it."""

    pk: int
    key: str
    title: str
    who: str
    paper_state: PaperState
    issued_at: datetime | None
    """Of the live agreement, else of the newest."""


def accepted(volume: Volume) -> QuerySet[Paper]:
    return Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)


def has_pdf_of(paper: str) -> Exists:
    """Whether the paper whose key stands in the column `paper` has its PDF."""
    return Exists(PaperFile.objects.filter(paper=OuterRef(paper), kind=Kind.PAPER))


def of_its_paper(paper: str) -> dict[str, Exists]:
    """What a row of a list is annotated with about the paper whose key stands in the column `paper`."""
    return {
        "has_pdf": has_pdf_of(paper),
        "flawed": precheck.of_a_paper(paper),
        "name_wrong": name_review.paper_has_review(paper, grave=True),
        "name_doubtful": name_review.paper_has_review(paper),
    }


def with_requests(agreements: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """`agreements`, each with whether a proposal waits for an editor, an author has objected, an edit blocks, the
    signer's address takes no mail.
    """
    return agreements.annotate(
        has_proposal=has_proposal_of("pk"),
        has_objection=has_objection_of("pk"),
        has_edit=has_edit_of("pk"),
        is_stopped=is_stopped("signer_email"),
    )


def is_stopped(address: str) -> Exists:
    """Whether the address in the column `address` was refused for good, be it by an answer or by a bounce."""
    stopped = EmailAddress.objects.filter(undeliverable_at__isnull=False)
    return Exists(stopped.filter(address=Lower(OuterRef(address))))


def has_proposal_of(agreement: str) -> Exists:
    return Exists(ChangeRequest.objects.filter(agreement=OuterRef(agreement), state=ChangeRequest.State.OPEN))


def has_objection_of(agreement: str) -> Exists:
    return Exists(Event.objects.filter(agreement=OuterRef(agreement), kind="object"))


def has_edit_of(agreement: str) -> Exists:
    return Exists(Edit.objects.filter(agreement=OuterRef(agreement), state__in=[Edit.State.OPEN, Edit.State.DECLINED]))


def rows(papers: QuerySet[Paper], signing_settings: SigningSettings | None) -> list[Row]:
    """The `papers`, which are accepted ones of one volume with these `terms`, in their order.

    Two queries, and plain values: 14,000 authors as model instances would cost more than all the rest.
    """
    authors: dict[int, list[str]] = {}
    contacts: dict[int, str] = {}
    grave: dict[int, bool] = {}
    """Of papers with a name in question: whether one of them was likely misread."""
    parts = ("paper_id", "is_corresponding", "given", "particle", "family", "suffix", "in_question")
    known = Author.objects.filter(paper__in=papers).annotate(in_question=name_review.author_review())
    for paper_id, is_corresponding, given, particle, family, suffix, in_question in known.order_by(
        "paper_id", "position"
    ).values_list(*parts):
        if in_question is not None:
            grave[paper_id] = in_question or grave.get(paper_id, False)
        name = str(Name(family=family, given=given, particle=particle, suffix=suffix))
        authors.setdefault(paper_id, []).append(name)
        if is_corresponding:
            contacts[paper_id] = name
    found: dict[int, tuple[str, str, date | None, bool, bool]] = {}
    newest: dict[int, Seen] = {}
    for pk, key, title, published, has_pdf, flawed, *agreement in with_agreements(papers):
        found[pk] = key, title, published, has_pdf, flawed
        former = newest.get(pk)
        if agreement[0] and (former is None or former.status not in LIVE):
            newest[pk] = Seen(*agreement)
    return [
        Row(
            pk,
            key,
            title,
            contacts.get(pk, ""),
            state_of(
                newest.get(pk),
                title,
                authors.get(pk, []),
                has_contact=pk in contacts,
                has_pdf=has_pdf,
                flawed=flawed,
                name_wrong=grave.get(pk, False),
                name_doubtful=pk in grave,
                signing_settings=signing_settings,
                published=published,
            ),
            newest[pk].issued_at if pk in newest else None,
        )
        for pk, (key, title, published, has_pdf, flawed) in found.items()
    ]


def with_agreements(papers: QuerySet[Paper]) -> Iterable[tuple[Any, ...]]:
    """Each of the `papers` with each of its agreements, or with nothing, the oldest first."""
    mails = Message.objects.filter(agreement=OuterRef("agreements__pk"), kind__in=CARRY_LINKS)
    waits = mails.filter(agreement__status=Status.ISSUED)
    reminders = waits.filter(kind__in=REMINDING, state__in=LEFT).exclude(state=Message.State.FAILED)
    return (
        papers.annotate(
            has_pdf=has_pdf_of("pk"),
            flawed=precheck.of_a_paper("pk"),
            has_proposal=has_proposal_of("agreements__pk"),
            has_objection=has_objection_of("agreements__pk"),
            has_edit=has_edit_of("agreements__pk"),
            is_stopped=is_stopped("agreements__signer_email"),
            last_mail=Subquery(waits.filter(state__in=LEFT).order_by("-created_at", "-pk").values("state")[:1]),
            # Not Exists: for that PostgreSQL looks through the mails of the whole desk.
            invited=Subquery(
                waits.filter(state__in=LEFT).exclude(state=Message.State.FAILED).order_by().values("pk")[:1]
            ),
            reminders=Subquery(reminders.order_by().values("agreement").annotate(count=Count("pk")).values("count")),
        )
        .order_by("position", "key", "agreements__created_at", "agreements__pk")
        .values_list(
            *("pk", "key", "title", "volume__published", "has_pdf", "flawed"),
            *("agreements__status", "agreements__title"),
            *("agreements__authors", "agreements__issued_at", "agreements__signed_at", "agreements__dated"),
            *("agreements__seal_error", "has_proposal", "has_objection", "has_edit", "is_stopped"),
            *("last_mail", "invited", "reminders"),
        )
    )


def state_of(
    agreement: Seen | None,
    title: str,
    authors: list[str],
    *,
    has_contact: bool,
    has_pdf: bool,
    flawed: bool,
    name_wrong: bool,
    name_doubtful: bool,
    signing_settings: SigningSettings | None,
    published: date | None,
) -> PaperState:
    unprintable = (agreement is None or agreement.status not in LIVE) and bool(
        pdf.unprintable(" ".join([title, *authors]))
    )
    paper = PaperState(
        has_contact=has_contact,
        has_pdf=has_pdf,
        flawed=flawed,
        name_wrong=name_wrong,
        name_doubtful=name_doubtful,
        unprintable=unprintable,
    )
    if agreement is None:
        return paper
    return replace(
        paper,
        status=agreement.status,
        signed_at=counts_from(agreement.signed_at, agreement.dated),
        drifted=has_mismatch(title, authors, agreement),
        invited=bool(agreement.invited),
        silent=bool(signing_settings and (agreement.reminders or 0) >= signing_settings.editors_after),
        refused=agreement.status == Status.ISSUED
        and (agreement.stopped or agreement.last_mail == Message.State.FAILED),
        mail_unknown=agreement.last_mail == Message.State.UNKNOWN,
        seal_failed=bool(agreement.seal_error),
        change_request=agreement.has_proposal,
        objection=agreement.has_objection,
        edit=agreement.has_edit,
        closes_at=signing_settings.closes_at if signing_settings else None,
        published=published is not None,
    )


def of_loaded(paper: Paper, agreement: Any, row: Any) -> PaperState:
    """The same of one paper with authors and its volume's terms, and its agreement with messages and voices.

    `row` is whichever of both has `of_its_paper`.
    """
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signing_settings = getattr(paper.volume, "signing_settings", None)
    return state_of(
        seen(agreement) if agreement else None,
        paper.title,
        [author.display for author in authors],
        has_contact=any(author.is_corresponding for author in authors),
        has_pdf=row.has_pdf,
        flawed=row.flawed,
        name_wrong=row.name_wrong,
        name_doubtful=row.name_doubtful,
        signing_settings=signing_settings,
        published=paper.volume.published,
    )


def seen(agreement: Any) -> Seen:
    """One that is loaded, with its messages and `with_voices`."""
    messages = sorted(agreement.messages.all(), key=lambda m: (m.created_at, m.pk))
    carried = [m for m in messages if m.kind in CARRY_LINKS and m.state in LEFT]
    carried = carried if agreement.status == Status.ISSUED else []
    left = [m for m in carried if m.state != Message.State.FAILED]
    return Seen(
        *(agreement.status, agreement.title, agreement.authors, agreement.issued_at, agreement.signed_at),
        *(agreement.dated, agreement.seal_error, agreement.has_proposal, agreement.has_objection, agreement.has_edit),
        stopped=agreement.is_stopped,
        last_mail=carried[-1].state if carried else None,
        invited=bool(left),
        reminders=sum(m.kind in REMINDING for m in left),
    )


def has_mismatch(title: str, authors: list[str], agreement: Seen) -> bool:
    """Whether the paper says otherwise than its agreement. Equal texts, the usual case, are told at once."""
    if len(authors) != len(agreement.authors):
        return True
    texts = zip([title, *authors], [agreement.title, *agreement.authors], strict=True)
    return any(now != then and plain(now) != plain(then) for now, then in texts)


def blocked_by(volume: Volume, blocker: Blocker, now: datetime) -> list[int]:
    """Primary keys of the papers that `blocker` blocks."""
    signing_settings = getattr(volume, "signing_settings", None)
    found = rows(accepted(volume), signing_settings)
    return [row.pk for row in found if blocker in blockers(row.paper_state, now)]
