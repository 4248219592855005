"""After publication: fixes each paper's address and emails its authors the address and citation (clause 3)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message
from proceedings.email_address import address_key
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import rules

Kind = Message.Kind


@dataclass(frozen=True, slots=True)
class PublishedPaper:
    """One paper of a published volume."""

    paper: Paper
    public_id: str
    """The publisher ID: as entered on the paper, else as predicted."""
    address: str
    agreement: Agreement | None
    """Its sealed agreement; the emails to its authors belong to it."""
    notified: frozenset[str]
    """Idempotency keys of the emails that were queued before."""
    recipients: tuple[str, ...]
    """The known addresses of its authors."""

    @property
    def to_notify(self) -> list[str]:
        """Addresses of the authors who were not emailed yet."""
        return [one for one in self.recipients if self.agreement and key_for(one) not in self.notified]


@dataclass(slots=True)
class NotificationPlan:
    """The emails that notifying the authors would queue now."""

    volume: Volume
    papers: list[PublishedPaper] = field(default_factory=list)

    @property
    def emails(self) -> int:
        return sum(len(row.to_notify) for row in self.papers)

    @property
    def notified(self) -> int:
        """Papers with at least one author emailed."""
        return sum(bool(row.notified) for row in self.papers)

    @property
    def unreachable(self) -> list[PublishedPaper]:
        """Papers without an author to email: no address, or no sealed agreement."""
        return [row for row in self.papers if not row.notified and not row.to_notify]


def plan_notifications(volume: Volume) -> NotificationPlan:
    """The accepted papers of `volume` in order, with their addresses and recipients. Changes nothing."""
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).prefetch_related("authors")
    rows = list(papers.order_by("position", "key"))
    for paper in rows:
        paper.volume = volume
    sealed = {
        one.paper_id: one for one in Agreement.objects.filter(paper__in=rows, status=Status.SEALED).order_by("pk")
    }
    notified: dict[int, set[str]] = {}
    for agreement_id, idempotency_key in Message.objects.filter(
        agreement__paper__in=rows, kind=Kind.PUBLISHED
    ).values_list("agreement_id", "idempotency_key"):
        notified.setdefault(agreement_id, set()).add(idempotency_key)
    record, records = volume_record(volume), paper_records(rows)
    ids = rules.predicted_ids(record, records)
    plan = NotificationPlan(volume)
    for paper in rows:
        agreement = sealed.get(paper.pk)
        public_id = paper.public_id or ids[paper.key]
        plan.papers.append(
            PublishedPaper(
                paper,
                public_id,
                rules.publication_url(record, public_id),
                agreement,
                frozenset(notified.get(agreement.pk, ()) if agreement else ()),
                recipients_of(paper, agreement),
            )
        )
    return plan


def recipients_of(paper: Paper, agreement: Agreement | None) -> tuple[str, ...]:
    """The signer's address and those of the other authors, each once whatever its spelling."""
    known = [author.email for author in paper.authors.all() if author.email]
    return tuple({address_key(one): one for one in [*known, *([agreement.signer_email] if agreement else [])]}.values())


def key_for(recipient: str) -> str:
    """The idempotency key of the email to `recipient`."""
    return f"{Kind.PUBLISHED.value}:{notify.hash_address(address_key(recipient))}"


def notify_authors(volume: Volume, published: date, *, now: datetime) -> int:
    """Stores the publication date and publisher IDs, and queues an email to each author without one.

    Returns the number of emails. Two concurrent calls still queue one email for each author.
    """
    with transaction.atomic():
        Volume.objects.filter(pk=volume.pk).exclude(published=published).update(published=published)
        volume.refresh_from_db()
        plan = plan_notifications(volume)
        without_id = [row for row in plan.papers if not row.paper.public_id]
        for row in without_id:
            row.paper.public_id = row.public_id
        Paper.objects.bulk_update([row.paper for row in without_id], ["public_id"], batch_size=500)
        by_agreement = {row.agreement.pk: row for row in plan.papers if row.agreement and row.to_notify}
        outbox.lock_agreements(by_agreement)
        sealed = Agreement.objects.filter(pk__in=by_agreement, status=Status.SEALED).values_list("pk", flat=True)
        emails = [(pk, key_for(to), to) for pk in sealed for to in by_agreement[pk].to_notify]
        return outbox.queue_all(emails, kind=Kind.PUBLISHED, now=now)
