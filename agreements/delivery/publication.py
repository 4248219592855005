"""The volume is out: each paper gets its address for good, and its authors are told it and how to cite (clause 3)."""

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
class Out:
    """One paper of a published volume."""

    paper: Paper
    public_id: str
    """What the publisher calls it: as noted on the paper, else as predicted."""
    address: str
    agreement: Agreement | None
    """Under which it is published: sealed. The mails to its authors hang on it."""
    told: frozenset[str]
    """Slots of the mails that were queued before."""
    recipients: tuple[str, ...]
    """Its authors, as far as their addresses are on file."""

    @property
    def to_tell(self) -> list[str]:
        """Addresses of the authors who have not been told."""
        return [one for one in self.recipients if self.agreement and slot_of(one) not in self.told]


@dataclass(slots=True)
class NotificationPlan:
    """What telling the authors would do now."""

    volume: Volume
    papers: list[Out] = field(default_factory=list)

    @property
    def mails(self) -> int:
        return sum(len(out.to_tell) for out in self.papers)

    @property
    def told(self) -> int:
        """Papers whose authors have been told, all of them or some."""
        return sum(bool(out.told) for out in self.papers)

    @property
    def unreachable(self) -> list[Out]:
        """Papers of which no author can be told: no address on file, or nothing sealed."""
        return [out for out in self.papers if not out.told and not out.to_tell]


def plan_notifications(volume: Volume) -> NotificationPlan:
    """The accepted papers of `volume` in order, with their addresses and whom to tell. Changes nothing."""
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
    made = NotificationPlan(volume)
    for paper in rows:
        agreement = sealed.get(paper.pk)
        public_id = paper.public_id or ids[paper.key]
        made.papers.append(
            Out(
                paper,
                public_id,
                rules.publication_url(record, public_id),
                agreement,
                frozenset(told.get(agreement.pk, ()) if agreement else ()),
                recipients_of(paper, agreement),
            )
        )
    return made


def recipients_of(paper: Paper, agreement: Agreement | None) -> tuple[str, ...]:
    """The signer's address and those of the other authors, each once whatever its capitals."""
    known = [author.email for author in paper.authors.all() if author.email]
    return tuple({one.lower(): one for one in [*known, *([agreement.signer_email] if agreement else [])]}.values())


def slot_of(recipient: str) -> str:
    return f"{Kind.PUBLISHED.value}:{notify.short(recipient.lower())}"


def notify_authors(volume: Volume, published: date, *, now: datetime) -> int:
    """Notes the day of publication and each paper's id, and queues a mail to each author who has none yet.

    Returns how many mails. Pressed twice, or by two editors at once, each author still gets one.
    """
    with transaction.atomic():
        Volume.objects.filter(pk=volume.pk).exclude(published=published).update(published=published)
        volume.refresh_from_db()
        made = plan_notifications(volume)
        unnamed = [out for out in made.papers if not out.paper.public_id]
        for out in unnamed:
            out.paper.public_id = out.public_id
        Paper.objects.bulk_update([out.paper for out in unnamed], ["public_id"], batch_size=500)
        held = {out.agreement.pk: out for out in made.papers if out.agreement and out.to_tell}
        outbox.lock_agreements(held)
        still = Agreement.objects.filter(pk__in=held, status=Status.SEALED).values_list("pk", flat=True)
        wanted = [(pk, slot_of(to), to) for pk in still for to in held[pk].to_tell]
        return outbox.queue_all(wanted, kind=Kind.PUBLISHED, now=now)
