"""Build the `PaperState` of papers from rows. Reads only, with a fixed number of queries."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, NamedTuple

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery

from agreements.dashboard import precheck
from agreements.dashboard.blockers import Blocker, PaperState, find_blockers
from agreements.delivery.readiness import normalize
from agreements.documents import pdf
from agreements.domain.facts import effective_from
from agreements.domain.states import LIVE, Status
from agreements.mail.kinds import REMINDERS, WITH_LINK
from agreements.models import Agreement, ChangeRequest, Edit, EmailAddress, Event, Message, SigningSettings
from agreements.models.plain_address import PlainAddress
from proceedings.bibtex.names import Name
from proceedings.importing import name_review
from proceedings.models import Author, Paper, PaperFile, Volume
from proceedings.people.licences import contradicts
from proceedings.publisher.filenames import Kind

REJECTIONS = (Message.Bounce.EMAIL, Message.Bounce.UNREADABLE)
FINISHED_STATES = (Message.State.SENT, Message.State.UNKNOWN, Message.State.FAILED)


class AgreementValues(NamedTuple):
    """The values of an agreement that the overview needs."""

    status: str
    title: str
    authors: list[str]
    issued_at: datetime | None
    signed_at: datetime | None
    dated: date | None
    seal_error: str
    has_change_request: bool
    has_objection: bool
    has_edit: bool
    undeliverable: bool
    """The signer's address is undeliverable."""
    last_mail: str | None
    """State of the last email with a link, if the agreement awaits a signature."""
    invited: int | None
    """Primary key of such an email that is sent or delivery unknown."""
    reminders: int | None
    """How many of these emails were reminders; None for none."""
    last_bounce: str | None
    """Why the last of these emails did not arrive; empty if nothing says so."""


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted paper in the overview."""

    pk: int
    key: str
    title: str
    corresponding_author: str
    paper_state: PaperState
    issued_at: datetime | None
    """Of the live agreement, else of the newest."""


def accepted_papers(volume: Volume) -> QuerySet[Paper]:
    return Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)


def pdf_exists(paper: str) -> Exists:
    """Whether the paper whose primary key is in the column `paper` has its PDF."""
    return Exists(PaperFile.objects.filter(paper=OuterRef(paper), kind=Kind.PAPER))


def paper_annotations(paper: str) -> dict[str, Exists]:
    """Annotations about the paper whose primary key is in the column `paper`, for lists."""
    return {
        "has_pdf": pdf_exists(paper),
        "has_errors": precheck.has_errors(paper),
        "name_wrong": name_review.paper_has_review(paper, grave=True),
        "name_doubtful": name_review.paper_has_review(paper),
    }


def with_requests(agreements: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """Annotate `agreements`: open change request, objection, blocking edit, undeliverable signer's address."""
    return agreements.annotate(
        has_change_request=has_open_request("pk"),
        has_objection=has_objection("pk"),
        has_edit=has_blocking_edit("pk"),
        is_undeliverable=is_undeliverable("signer_email"),
    )


def is_undeliverable(address: str) -> Exists:
    """Whether the address in the column `address` is undeliverable, after a rejection or a bounce."""
    undeliverable = EmailAddress.objects.filter(undeliverable_at__isnull=False)
    return Exists(undeliverable.filter(address=PlainAddress(OuterRef(address))))


def has_open_request(agreement: str) -> Exists:
    return Exists(ChangeRequest.objects.filter(agreement=OuterRef(agreement), state=ChangeRequest.State.OPEN))


def has_objection(agreement: str) -> Exists:
    return Exists(Event.objects.filter(agreement=OuterRef(agreement), kind="object"))


def has_blocking_edit(agreement: str) -> Exists:
    return Exists(Edit.objects.filter(agreement=OuterRef(agreement), state__in=[Edit.State.OPEN, Edit.State.DECLINED]))


def build_rows(papers: QuerySet[Paper], signing_settings: SigningSettings | None) -> list[Row]:
    """Return the rows of `papers`, which are accepted ones of one volume with these `signing_settings`, in their order.

    Two queries, and plain values: 14,000 authors as model instances would cost more than everything else.
    """
    authors: dict[int, list[str]] = {}
    contacts: dict[int, str] = {}
    misread: dict[int, bool] = {}
    """Papers with a name to review: whether one of the names was likely misread."""
    parts = ("paper_id", "is_corresponding", "given", "particle", "family", "suffix", "in_question")
    known = Author.objects.filter(paper__in=papers).annotate(in_question=name_review.author_review())
    for paper_id, is_corresponding, given, particle, family, suffix, in_question in known.order_by(
        "paper_id", "position"
    ).values_list(*parts):
        if in_question is not None:
            misread[paper_id] = in_question or misread.get(paper_id, False)
        name = str(Name(family=family, given=given, particle=particle, suffix=suffix))
        authors.setdefault(paper_id, []).append(name)
        if is_corresponding:
            contacts[paper_id] = name
    found: dict[int, tuple[str, str, str, date | None, bool, bool]] = {}
    newest: dict[int, AgreementValues] = {}
    for pk, key, title, licence, published, has_pdf, has_errors, *agreement in agreement_rows(papers):
        found[pk] = key, title, licence, published, has_pdf, has_errors
        known_agreement = newest.get(pk)
        if agreement[0] and (known_agreement is None or known_agreement.status not in LIVE):
            newest[pk] = AgreementValues(*agreement)
    return [
        Row(
            pk,
            key,
            title,
            contacts.get(pk, ""),
            build_state(
                newest.get(pk),
                title,
                authors.get(pk, []),
                has_contact=pk in contacts,
                has_pdf=has_pdf,
                has_errors=has_errors,
                name_wrong=misread.get(pk, False),
                name_doubtful=pk in misread,
                other_licence=contradicts(licence),
                signing_settings=signing_settings,
                published=published,
            ),
            newest[pk].issued_at if pk in newest else None,
        )
        for pk, (key, title, licence, published, has_pdf, has_errors) in found.items()
    ]


def agreement_rows(papers: QuerySet[Paper]) -> Iterable[tuple[Any, ...]]:
    """Return each paper with each of its agreements, or with None values if it has none, oldest agreement first."""
    mails = Message.objects.filter(agreement=OuterRef("agreements__pk"), kind__in=WITH_LINK)
    waits = mails.filter(agreement__status=Status.ISSUED)
    last = waits.filter(state__in=FINISHED_STATES).order_by("-created_at", "-pk")
    reminders = waits.filter(kind__in=REMINDERS, state__in=FINISHED_STATES).exclude(state=Message.State.FAILED)
    return (
        papers.annotate(
            has_pdf=pdf_exists("pk"),
            has_errors=precheck.has_errors("pk"),
            has_change_request=has_open_request("agreements__pk"),
            has_objection=has_objection("agreements__pk"),
            has_edit=has_blocking_edit("agreements__pk"),
            is_undeliverable=is_undeliverable("agreements__signer_email"),
            last_mail=Subquery(last.values("state")[:1]),
            last_bounce=Subquery(last.values("bounce")[:1]),
            # Not Exists: PostgreSQL would scan the messages of all volumes.
            invited=Subquery(
                waits.filter(state__in=FINISHED_STATES).exclude(state=Message.State.FAILED).order_by().values("pk")[:1]
            ),
            reminders=Subquery(reminders.order_by().values("agreement").annotate(count=Count("pk")).values("count")),
        )
        .order_by("position", "key", "agreements__created_at", "agreements__pk")
        .values_list(
            *("pk", "key", "title", "licence", "volume__published", "has_pdf", "has_errors"),
            *("agreements__status", "agreements__title"),
            *("agreements__authors", "agreements__issued_at", "agreements__signed_at", "agreements__dated"),
            *("agreements__seal_error", "has_change_request", "has_objection", "has_edit", "is_undeliverable"),
            *("last_mail", "invited", "reminders", "last_bounce"),
        )
    )


def build_state(
    agreement: AgreementValues | None,
    title: str,
    authors: list[str],
    *,
    has_contact: bool,
    has_pdf: bool,
    has_errors: bool,
    name_wrong: bool,
    name_doubtful: bool,
    other_licence: bool,
    signing_settings: SigningSettings | None,
    published: date | None,
) -> PaperState:
    unprintable = (agreement is None or agreement.status not in LIVE) and bool(
        pdf.find_unprintable(" ".join([title, *authors]))
    )
    paper = PaperState(
        has_contact=has_contact,
        has_pdf=has_pdf,
        has_errors=has_errors,
        name_wrong=name_wrong,
        name_doubtful=name_doubtful,
        other_licence=other_licence,
        unprintable=unprintable,
    )
    if agreement is None:
        return paper
    return replace(
        paper,
        status=agreement.status,
        signed_at=effective_from(agreement.signed_at, agreement.dated),
        has_mismatch=has_mismatch(title, authors, agreement),
        invited=bool(agreement.invited),
        unanswered=bool(signing_settings and (agreement.reminders or 0) >= signing_settings.editors_after),
        undeliverable=agreement.status == Status.ISSUED
        and (
            agreement.undeliverable
            or (agreement.last_mail == Message.State.FAILED and agreement.last_bounce not in REJECTIONS)
        ),
        rejected=agreement.last_bounce in REJECTIONS,
        not_arriving=agreement.last_bounce == Message.Bounce.NOT_ARRIVING,
        mail_unknown=agreement.last_mail == Message.State.UNKNOWN,
        seal_failed=bool(agreement.seal_error),
        change_request=agreement.has_change_request,
        objection=agreement.has_objection,
        edit=agreement.has_edit,
        closes_at=signing_settings.closes_at if signing_settings else None,
        published=published is not None,
    )


def build_state_from_models(paper: Paper, agreement: Any, row: Any) -> PaperState:
    """Return the state of one loaded paper: with authors, signing settings, and its agreement with messages and
    requests.

    `row` is the paper or the agreement, whichever has the annotations of `paper_annotations`.
    """
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signing_settings = getattr(paper.volume, "signing_settings", None)
    return build_state(
        values_of(agreement) if agreement else None,
        paper.title,
        [author.display for author in authors],
        has_contact=any(author.is_corresponding for author in authors),
        has_pdf=row.has_pdf,
        has_errors=row.has_errors,
        name_wrong=row.name_wrong,
        name_doubtful=row.name_doubtful,
        other_licence=contradicts(paper.licence),
        signing_settings=signing_settings,
        published=paper.volume.published,
    )


def values_of(agreement: Any) -> AgreementValues:
    """Return the values of a loaded agreement, with its messages and the annotations of `with_requests`."""
    messages = sorted(agreement.messages.all(), key=lambda m: (m.created_at, m.pk))
    with_link = [m for m in messages if m.kind in WITH_LINK and m.state in FINISHED_STATES]
    with_link = with_link if agreement.status == Status.ISSUED else []
    sent = [m for m in with_link if m.state != Message.State.FAILED]
    return AgreementValues(
        *(agreement.status, agreement.title, agreement.authors, agreement.issued_at, agreement.signed_at),
        *(
            agreement.dated,
            agreement.seal_error,
            agreement.has_change_request,
            agreement.has_objection,
            agreement.has_edit,
        ),
        undeliverable=agreement.is_undeliverable,
        last_mail=with_link[-1].state if with_link else None,
        invited=bool(sent),
        reminders=sum(m.kind in REMINDERS for m in sent),
        last_bounce=with_link[-1].bounce if with_link else None,
    )


def has_mismatch(title: str, authors: list[str], agreement: AgreementValues) -> bool:
    """Whether title or authors differ from the agreement. Equal texts, the usual case, need no normalization."""
    if len(authors) != len(agreement.authors):
        return True
    texts = zip([title, *authors], [agreement.title, *agreement.authors], strict=True)
    return any(now != then and normalize(now) != normalize(then) for now, then in texts)


def papers_blocked_by(volume: Volume, blocker: Blocker, now: datetime) -> list[int]:
    """Return the primary keys of the papers that `blocker` blocks."""
    signing_settings = getattr(volume, "signing_settings", None)
    found = build_rows(accepted_papers(volume), signing_settings)
    return [row.pk for row in found if blocker in find_blockers(row.paper_state, now)]
