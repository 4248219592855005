"""Publication of a volume: fix each paper's public ID, and email its authors the address and citation (clause 3)."""

from dataclasses import dataclass, field
from datetime import date, datetime

from django.db import transaction

from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message
from proceedings.models import Paper, Volume
from proceedings.models.as_records import paper_records, volume_record
from proceedings.publisher import rules

Kind = Message.Kind


@dataclass(frozen=True, slots=True)
class PublishedPaper:
    """A paper of a published volume."""

    paper: Paper
    public_id: str
    """The publisher's ID: as recorded on the paper, else as predicted."""
    address: str
    agreement: Agreement | None
    """The sealed agreement, which the emails to the authors belong to."""
    told: frozenset[str]
    """Idempotency keys of the emails queued before."""
    recipients: tuple[str, ...]
    """Known addresses of its authors."""

    @property
    def to_tell(self) -> list[str]:
        """Addresses of the authors who are not notified yet."""
        return [one for one in self.recipients if self.agreement and idempotency_key_for(one) not in self.told]


@dataclass(slots=True)
class NotificationPlan:
    """What notifying the authors would do now."""

    volume: Volume
    papers: list[PublishedPaper] = field(default_factory=list)

    @property
    def mails(self) -> int:
        return sum(len(out.to_tell) for out in self.papers)

    @property
    def told(self) -> int:
        """Number of papers with at least one notified author."""
        return sum(bool(out.told) for out in self.papers)

    @property
    def unreachable(self) -> list[PublishedPaper]:
        """Papers without an author to notify: no known address, or no sealed agreement."""
        return [out for out in self.papers if not out.told and not out.to_tell]


def plan_notifications(volume: Volume) -> NotificationPlan:
    """Return the accepted papers of `volume` in order, with their addresses and recipients. Changes nothing."""
    papers = volume.papers.filter(status=Paper.Status.ACCEPTED).prefetch_related("authors")
    rows = list(papers.order_by("position", "key"))
    for paper in rows:
        paper.volume = volume
    sealed = {
        one.paper_id: one for one in Agreement.objects.filter(paper__in=rows, status=Status.SEALED).order_by("pk")
    }
    told: dict[int, set[str]] = {}
    for agreement_id, idempotency_key in Message.objects.filter(
        agreement__paper__in=rows, kind=Kind.PUBLISHED
    ).values_list("agreement_id", "idempotency_key"):
        told.setdefault(agreement_id, set()).add(idempotency_key)
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
                frozenset(told.get(agreement.pk, ()) if agreement else ()),
                recipients_of(paper, agreement),
            )
        )
    return plan


def recipients_of(paper: Paper, agreement: Agreement | None) -> tuple[str, ...]:
    """Addresses of the signer and the other authors, without duplicates that differ only in case."""
    addresses = [author.email for author in paper.authors.all() if author.email]
    return tuple({one.lower(): one for one in [*addresses, *([agreement.signer_email] if agreement else [])]}.values())


def idempotency_key_for(recipient: str) -> str:
    return f"{Kind.PUBLISHED.value}:{notify.hash_address(recipient.lower())}"


def notify_authors(volume: Volume, published: date, *, now: datetime) -> int:
    """Record the publication date and each paper's ID, and queue an email to each author who has none yet.

    Returns how many emails. Repeated or concurrent calls queue no second email.
    """
    with transaction.atomic():
        Volume.objects.filter(pk=volume.pk).exclude(published=published).update(published=published)
        volume.refresh_from_db()
        plan = plan_notifications(volume)
        unnamed = [out for out in plan.papers if not out.paper.public_id]
        for out in unnamed:
            out.paper.public_id = out.public_id
        Paper.objects.bulk_update([out.paper for out in unnamed], ["public_id"], batch_size=500)
        papers_by_agreement = {out.agreement.pk: out for out in plan.papers if out.agreement and out.to_tell}
        outbox.lock_agreements(papers_by_agreement)
        sealed_ids = Agreement.objects.filter(pk__in=papers_by_agreement, status=Status.SEALED).values_list(
            "pk", flat=True
        )
        recipients = [(pk, idempotency_key_for(to), to) for pk in sealed_ids for to in papers_by_agreement[pk].to_tell]
        return outbox.queue_all(recipients, kind=Kind.PUBLISHED, now=now)
