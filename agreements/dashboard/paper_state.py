"""The state of papers and their agreements: rows -> `PaperState`. Reads only, with a fixed number of queries."""

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
from agreements.mail.kinds import REMINDERS, WITH_LINK
from agreements.models import Agreement, ChangeRequest, Edit, EmailAddress, Event, Message, SigningSettings
from proceedings.bibtex.names import Name
from proceedings.importing import name_review
from proceedings.models import Author, Paper, PaperFile, Volume
from proceedings.publisher.filenames import Kind

SENT_STATES = (Message.State.SENT, Message.State.UNKNOWN, Message.State.FAILED)


class AgreementState(NamedTuple):
    """The columns of an agreement that the overview needs."""

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
    """The state of the last email with a link, if the agreement is awaiting its signature."""
    invited: int | None
    """The key of one of them that was sent, or may have been."""
    reminders: int | None
    """How many of them were reminders; None for none."""

    @property
    def refused(self) -> bool:
        return self.last_mail == Message.State.FAILED


@dataclass(frozen=True, slots=True)
class Row:
    """An accepted paper as the overview needs it."""

    pk: int
    key: str
    title: str
    corresponding_author: str
    paper_state: PaperState
    issued_at: datetime | None
    """Of the live agreement, else of the newest."""


def accepted(volume: Volume) -> QuerySet[Paper]:
    return Paper.objects.filter(volume=volume, status=Paper.Status.ACCEPTED)


def has_pdf_of(paper: str) -> Exists:
    """Whether the paper in the column `paper` has its PDF."""
    return Exists(PaperFile.objects.filter(paper=OuterRef(paper), kind=Kind.PAPER))


def paper_annotations(paper: str) -> dict[str, Exists]:
    """Annotations of a list's rows about the paper in the column `paper`."""
    return {
        "has_pdf": has_pdf_of(paper),
        "has_errors": precheck.of_a_paper(paper),
        "name_wrong": name_review.of_a_paper(paper, grave=True),
        "name_doubtful": name_review.of_a_paper(paper),
    }


def with_requests(agreements: QuerySet[Agreement]) -> QuerySet[Agreement]:
    """`agreements`, annotated: open change request, objection, blocking edit, undeliverable signer's address."""
    return agreements.annotate(
        has_change_request=has_change_request_of("pk"),
        has_objection=has_objection_of("pk"),
        has_edit=has_edit_of("pk"),
        is_undeliverable=is_undeliverable("signer_email"),
    )


def is_undeliverable(address: str) -> Exists:
    """Whether the address in the column `address` is undeliverable."""
    undeliverable = EmailAddress.objects.filter(undeliverable_at__isnull=False)
    return Exists(undeliverable.filter(address=Lower(OuterRef(address))))


def has_change_request_of(agreement: str) -> Exists:
    return Exists(ChangeRequest.objects.filter(agreement=OuterRef(agreement), state=ChangeRequest.State.OPEN))


def has_objection_of(agreement: str) -> Exists:
    return Exists(Event.objects.filter(agreement=OuterRef(agreement), kind="object"))


def has_edit_of(agreement: str) -> Exists:
    return Exists(Edit.objects.filter(agreement=OuterRef(agreement), state__in=[Edit.State.OPEN, Edit.State.DECLINED]))


def rows(papers: QuerySet[Paper], signing_settings: SigningSettings | None) -> list[Row]:
    """The accepted `papers` of one volume, in their order.

    Two queries and plain values: loading 14,000 authors as model instances is too slow.
    """
    authors: dict[int, list[str]] = {}
    contacts: dict[int, str] = {}
    grave: dict[int, bool] = {}
    """Papers with a name to review: whether one is probably wrong."""
    parts = ("paper_id", "is_corresponding", "given", "particle", "family", "suffix", "in_question")
    known = Author.objects.filter(paper__in=papers).annotate(in_question=name_review.of_an_author())
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
    newest: dict[int, AgreementState] = {}
    for pk, key, title, published, has_pdf, has_errors, *agreement in with_agreements(papers):
        found[pk] = key, title, published, has_pdf, has_errors
        former = newest.get(pk)
        if agreement[0] and (former is None or former.status not in LIVE):
            newest[pk] = AgreementState(*agreement)
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
                has_errors=has_errors,
                name_wrong=grave.get(pk, False),
                name_doubtful=pk in grave,
                signing_settings=signing_settings,
                published=published,
            ),
            newest[pk].issued_at if pk in newest else None,
        )
        for pk, (key, title, published, has_pdf, has_errors) in found.items()
    ]


def with_agreements(papers: QuerySet[Paper]) -> Iterable[tuple[Any, ...]]:
    """Each of the `papers` with each of its agreements, oldest first, or with none."""
    mails = Message.objects.filter(agreement=OuterRef("agreements__pk"), kind__in=WITH_LINK)
    waits = mails.filter(agreement__status=Status.ISSUED)
    reminders = waits.filter(kind__in=REMINDERS, state__in=SENT_STATES).exclude(state=Message.State.FAILED)
    return (
        papers.annotate(
            has_pdf=has_pdf_of("pk"),
            has_errors=precheck.of_a_paper("pk"),
            has_change_request=has_change_request_of("agreements__pk"),
            has_objection=has_objection_of("agreements__pk"),
            has_edit=has_edit_of("agreements__pk"),
            is_undeliverable=is_undeliverable("agreements__signer_email"),
            last_mail=Subquery(waits.filter(state__in=SENT_STATES).order_by("-created_at", "-pk").values("state")[:1]),
            # Not Exists: PostgreSQL would then scan the emails of all volumes.
            invited=Subquery(
                waits.filter(state__in=SENT_STATES).exclude(state=Message.State.FAILED).order_by().values("pk")[:1]
            ),
            reminders=Subquery(reminders.order_by().values("agreement").annotate(count=Count("pk")).values("count")),
        )
        .order_by("position", "key", "agreements__created_at", "agreements__pk")
        .values_list(
            *("pk", "key", "title", "volume__published", "has_pdf", "has_errors"),
            *("agreements__status", "agreements__title"),
            *("agreements__authors", "agreements__issued_at", "agreements__signed_at", "agreements__dated"),
            *("agreements__seal_error", "has_change_request", "has_objection", "has_edit", "is_undeliverable"),
            *("last_mail", "invited", "reminders"),
        )
    )


def state_of(
    agreement: AgreementState | None,
    title: str,
    authors: list[str],
    *,
    has_contact: bool,
    has_pdf: bool,
    has_errors: bool,
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
        has_errors=has_errors,
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
        mismatched=has_mismatch(title, authors, agreement),
        invited=bool(agreement.invited),
        unanswered=bool(signing_settings and (agreement.reminders or 0) >= signing_settings.editors_after),
        undeliverable=agreement.status == Status.ISSUED
        and (agreement.undeliverable or agreement.last_mail == Message.State.FAILED),
        mail_unknown=agreement.last_mail == Message.State.UNKNOWN,
        seal_failed=bool(agreement.seal_error),
        change_request=agreement.has_change_request,
        objection=agreement.has_objection,
        edit=agreement.has_edit,
        closes_at=signing_settings.closes_at if signing_settings else None,
        published=published is not None,
    )


def state_of_loaded(paper: Paper, agreement: Any, row: Any) -> PaperState:
    """The state of one loaded paper and its agreement, as `with_requests` loads it.

    `row` is the one of the two that has `paper_annotations`.
    """
    authors = sorted(paper.authors.all(), key=lambda author: author.position)
    signing_settings = getattr(paper.volume, "signing_settings", None)
    return state_of(
        agreement_state(agreement) if agreement else None,
        paper.title,
        [author.display for author in authors],
        has_contact=any(author.is_corresponding for author in authors),
        has_pdf=row.has_pdf,
        has_errors=row.has_errors,
        name_wrong=row.name_wrong,
        name_doubtful=row.name_doubtful,
        signing_settings=signing_settings,
        published=paper.volume.published,
    )


def agreement_state(agreement: Any) -> AgreementState:
    """The columns of a loaded agreement with its messages and `with_requests`."""
    messages = sorted(agreement.messages.all(), key=lambda m: (m.created_at, m.pk))
    with_link = [m for m in messages if m.kind in WITH_LINK and m.state in SENT_STATES]
    with_link = with_link if agreement.status == Status.ISSUED else []
    sent = [m for m in with_link if m.state != Message.State.FAILED]
    return AgreementState(
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
    )


def has_mismatch(title: str, authors: list[str], agreement: AgreementState) -> bool:
    """Whether the paper and its agreement differ. Equal texts, the usual case, need no normalizing."""
    if len(authors) != len(agreement.authors):
        return True
    texts = zip([title, *authors], [agreement.title, *agreement.authors], strict=True)
    return any(now != then and plain(now) != plain(then) for now, then in texts)


def blocked_by(volume: Volume, blocker: Blocker, now: datetime) -> list[int]:
    """Primary keys of the papers that `blocker` blocks."""
    signing_settings = getattr(volume, "signing_settings", None)
    found = rows(accepted(volume), signing_settings)
    return [row.pk for row in found if blocker in blockers(row.paper_state, now)]
