"""THE ONLY WRITER of Agreement and Event.

Every verb is one transaction: the guard from `MOVES`, an UPDATE that names only the row's own columns (one row, or
somebody else won), one Event, and whatever mail begins or ends with it. `by` says who acts: ``editor:name``,
``signer`` or ``clock``. `now` is aware and UTC.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from agreements import addresses, documents, drafting, links, mail, notices, pdf, planning, rows
from agreements.bounces import Bounce
from agreements.facts import Statement, sha256
from agreements.models import Agreement, Event, Message, Person, SealCertificate, ShownCopy, Terms
from agreements.reminders import FOREVER, GAP
from agreements.seal import SealKey
from agreements.states import LIVE, MOVES, WAITING, Status
from proceedings.models import Paper

Kind = Message.Kind

SEAL_BACKOFF = [timedelta(minutes=m) for m in (1, 5, 15, 60)]
"""Waits after failed seals; the last one repeats for ever, because a signature is never given up."""


MAIL_AGAIN = 3
"""How many mails about an agreement that came back from an address, and not for good, are sent again."""
TOMORROW = timedelta(days=1)
"""Longer than the gap between two mails to one address."""
OF_MANY = timedelta(seconds=30)
"""Until a mail leaves that was asked for with many others: those to the same person are to find it still there."""


class WrongMove(Exception):
    """The agreement is not where this move begins: somebody else was faster, or the move is not legal."""

    def __init__(self, verb: str, status: str) -> None:
        super().__init__(f"Cannot {verb} an agreement that is {status}.")
        self.status = status


class NotReviewed(Exception):
    """This form, with these statements, was never looked over before it was to be signed."""


@dataclass(frozen=True, slots=True)
class Act:
    """What the signing POST brought with it."""

    typed_name: str
    consent: Statement
    authority: Statement
    shown: bytes
    address: str | None
    agent: str
    language: str = "en"
    """Of the page on which it was done."""
    drawn: str = ""
    """A signature drawn by hand, as `drawing` reads it; most people only type."""

    @property
    def looked_over(self) -> dict[str, Any]:
        """What of it the signer has seen before it is signed, by digests."""
        return {
            "shown_sha256": sha256(self.shown),
            "consent_sha256": self.consent.digest,
            "authority_sha256": self.authority.digest,
        }


# --- the two ways to write


def move(agreement: Agreement, verb: str, *, by: str, now: datetime, data: dict[str, Any], **columns: Any) -> None:
    """One legal step with its event. Call it inside a transaction. Raises WrongMove when the row has moved on."""
    step = MOVES[verb]
    won = Agreement.objects.filter(pk=agreement.pk, status__in=step.sources).update(
        status=step.target, event_count=F("event_count") + 1, **columns
    )
    if not won:
        raise WrongMove(verb, Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk))
    append(agreement, verb, by=by, now=now, data=data)
    agreement.refresh_from_db()


def note(agreement_id: int, kind: str, *, by: str, now: datetime, data: dict[str, Any]) -> None:
    """An event that moves nothing, such as a mail that was sent."""
    with transaction.atomic(savepoint=False):
        ((reference, number, head),) = rows.hold(Agreement, [agreement_id], "reference", "event_count", "event_head")
        chain(agreement_id, reference, kind, number=number + 1, head=head, by=by, now=now, data=data)


def append(agreement: Agreement, kind: str, *, by: str, now: datetime, data: dict[str, Any]) -> None:
    """The next link of the chain. The caller's UPDATE holds the agreement's row, so nobody else can be appending."""
    number, head = Agreement.objects.values_list("event_count", "event_head").get(pk=agreement.pk)
    chain(agreement.pk, agreement.reference, kind, number=number, head=head, by=by, now=now, data=data)


def chain(
    agreement_id: int,
    reference: str,
    kind: str,
    *,
    number: int,
    head: str,
    by: str,
    now: datetime,
    data: dict[str, Any],
) -> None:
    event = Event(agreement_id=agreement_id, number=number, kind=kind, at=now, by=by, data=data, previous=head)
    digest = event.compute_digest(reference)
    columns = {"agreement": agreement_id, "number": number, "kind": kind, "at": now, "by": by, "data": data}
    rows.add(Event, columns | {"previous": head, "digest": digest})
    rows.change(Agreement, agreement_id, was={}, becomes={"event_count": number, "event_head": digest})


# --- from paper to mail


def draft(paper: Paper, *, by: str, now: datetime, predecessor: Agreement | None = None) -> Agreement:
    """Prepares an agreement from the paper's facts of today. Raises NotReady when the paper lacks something."""
    return begin(paper, drafting.facts_of(paper), by=by, now=now, predecessor=predecessor)


def begin(
    paper: Paper, facts: dict[str, Any], *, by: str, now: datetime, predecessor: Agreement | None = None
) -> Agreement:
    """The first row and event of an agreement that states `facts`. Raises NotReady when the paper has a live one."""
    text = drafting.current_text()
    with transaction.atomic():
        # Two editors at once: the second one waits here and then sees the first one's agreement.
        Paper.objects.select_for_update(no_key=True).values_list("pk").get(pk=paper.pk)
        if paper.agreements.filter(status__in=LIVE).exists():
            raise drafting.NotReady("It already has an agreement under way.")
        agreement = Agreement.objects.create(
            reference=drafting.new_reference(paper),
            paper=paper,
            predecessor=predecessor,
            text=text,
            created_at=now,
            event_count=1,
            **facts,
        )
        append(agreement, "draft", by=by, now=now, data=drafting.origin(predecessor, agreement.signer))
        agreement.refresh_from_db()
    return agreement


def issue(agreement: Agreement, *, by: str, now: datetime, wait: timedelta = timedelta(0)) -> None:
    """Freezes the facts and puts the invitation in the outbox, due after `wait` or when its address may get a mail."""
    facts = drafting.facts_of(agreement.paper)
    if not Terms.objects.filter(volume=agreement.paper.volume_id).exists():
        raise drafting.NotReady("Its volume has no terms. Set the deadline first.")
    with transaction.atomic():
        for name, value in facts.items():
            setattr(agreement, name, value)  # as the move below writes them
        try:
            form = documents.shown_form(agreement)
        except pdf.DoesNotFitError as refusal:
            raise drafting.NotReady(str(refusal)) from refusal
        text = {"text": agreement.text.version, "text_sha256": agreement.text.digest, "form_sha256": sha256(form)}
        move(agreement, "issue", by=by, now=now, data=facts | text, issued_at=now, look_at=now, **facts)
        invite(agreement, now, now + wait)


def invite(agreement: Agreement, now: datetime, due_at: datetime) -> None:
    """One mail per person and volume about all that wait for the first mail, and none within the gap after another.

    A successor's keeps no gap: the link that its author has is dead, and mostly it answers what they asked for.
    """
    address = agreement.signer_email
    addresses.lock(address)
    if agreement.predecessor_id is None:
        due_at = max(due_at, addresses.free_from(address, GAP, now))
    mail.queue_beside(mail.Errand(agreement, "invitation", Kind.INVITATION, address), now, due_at=due_at)


def remind(agreement_ids: Iterable[int], *, now: datetime) -> int:
    """Queues what is due about those of the agreements that still wait, and says when to look at each again.

    It is decided here, where nobody else can change their rows or write to the same people: a signature either comes
    before (and nothing is queued) or after (and cancels it). Of two clocks the second finds the first one's mail.
    Returns the mails' slots that are new.
    """
    with transaction.atomic():
        ids = sorted(agreement_ids)
        mail.hold(ids)
        look = planning.Look(planning.waiting().filter(pk__in=ids))
        addresses.lock_all(look.addresses)
        plans = list(planning.one_volume_each(look.plans(now), now))
        later: dict[datetime | None, list[int]] = {}
        for plan in plans:
            later.setdefault(planning.next_look(plan.verdict, now), []).append(plan.agreement.pk)
        for at, waiting in later.items():
            Agreement.objects.filter(pk__in=waiting, status__in=WAITING).update(look_at=at)
        return mail.queue_together((errand for plan in plans for errand in planning.errands(plan)), now)


def remind_now(agreement: Agreement, *, by: str, now: datetime, wait: timedelta = timedelta(0)) -> bool:
    """An editor's reminder, beside the scheduled ones. False when nothing waits for it or a mail is on its way.

    It is due after `wait`. Those of several papers of one person that have not left are one mail.

    Nor does one leave whose author wants none, whose address takes none, or which an editor has paused.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status=Status.ISSUED, reminders_stopped_at__isnull=True)
        if not waiting.update(look_at=now) or agreement.messages.filter(state__in=mail.OPEN).exists():
            return False
        if addresses.lock(agreement.signer_email).stopped_at or planning.is_paused(agreement, now):
            return False
        note(agreement.pk, "remind", by=by, now=now, data={})
        slot = f"manual:{secrets.token_hex(8)}"
        errand = mail.Errand(agreement, slot, Kind.REMINDER, agreement.signer_email)
        return mail.queue_beside(errand, now, due_at=now + wait)


def terms_changed(volume_id: int, now: datetime) -> None:
    """The clock asks again about every waiting agreement of the volume: its deadline or policy is another."""
    with transaction.atomic():
        waiting = held_waiting(volume_id)
        Agreement.objects.filter(pk__in=waiting, status__in=WAITING).update(look_at=now)


# --- pauses


def pause(agreement: Agreement, *, until: datetime | None, by: str, now: datetime) -> bool:
    """Nobody is reminded of the agreement before `until`, or until somebody lifts it. False if nothing waits.

    A reminder that is on its way is stopped; the links in earlier mails still work.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING)
        if not waiting.update(paused_until=until or FOREVER, look_at=until):
            return False
        mail.cancel_reminders(agreement.pk)
        note(agreement.pk, "pause", by=by, now=now, data={"until": until.isoformat() if until else ""})
    return True


def resume(agreement: Agreement, *, by: str, now: datetime) -> bool:
    """Lifts the agreement's pause. False if it has none."""
    with transaction.atomic():
        paused = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING, paused_until__gt=now)
        if not paused.update(paused_until=None, look_at=now):
            return False
        note(agreement.pk, "resume", by=by, now=now, data={})
    return True


def pause_volume(volume_id: int, *, until: datetime | None, now: datetime) -> None:
    """Nobody is reminded of anything in the volume before `until`, or until somebody lifts it; `resume_volume` does."""
    with transaction.atomic():
        waiting = held_waiting(volume_id)
        Terms.objects.filter(volume=volume_id).update(paused_until=until or FOREVER)
        mail.cancel_all_reminders(waiting)


def resume_volume(volume_id: int, *, now: datetime) -> None:
    with transaction.atomic():
        Terms.objects.filter(volume=volume_id).update(paused_until=None)
        terms_changed(volume_id, now)


def pause_person(volume_id: int, address: str, *, until: datetime | None, now: datetime) -> None:
    """Nobody at the address is reminded of any paper of the volume before `until`, or until somebody lifts it."""
    with transaction.atomic():
        waiting = held_waiting(volume_id)
        set_person(volume_id, address, paused_until=until or FOREVER)
        mail.cancel_reminders_to(address, waiting)
        # Nor are the co-authors asked meanwhile about what waits for this person.
        theirs = Agreement.objects.filter(pk__in=waiting, signer_email__iexact=address)
        mail.cancel_all_reminders(theirs.values_list("pk", flat=True))


def resume_person(volume_id: int, address: str, *, now: datetime) -> None:
    with transaction.atomic():
        set_person(volume_id, address, paused_until=None)
        terms_changed(volume_id, now)


def place_person(volume_id: int, address: str, zone: str, *, now: datetime) -> None:
    """The person at the address lives in `zone`, an IANA name; an empty text for who knows where."""
    with transaction.atomic():
        set_person(volume_id, address, zone=zone)
        terms_changed(volume_id, now)


def set_person(volume_id: int, address: str, **columns: Any) -> None:
    Person.objects.update_or_create(volume_id=volume_id, address=address.lower(), defaults=columns)


def held_waiting(volume_id: int) -> list[int]:
    """The agreements of the volume that wait, with their rows held."""
    waiting = Agreement.objects.filter(paper__volume=volume_id, status__in=WAITING).values_list("pk", flat=True)
    ids = list(waiting)
    mail.hold(ids)
    return ids


def look_now(agreement: Agreement, now: datetime) -> None:
    """The clock asks again about one waiting agreement: what kept it from reminding is over."""
    waiting = Agreement.objects.filter(pk=agreement.pk, status=Status.ISSUED, reminders_stopped_at__isnull=True)
    waiting.update(look_at=now)


def note_mail(message: Message, state: str, now: datetime) -> None:
    """The chain's word about a mail that left, or may have left, or whose address was refused for good."""
    if state == Message.State.FAILED:
        address_refused(message, now)
        return
    if message.volume_id:  # no agreement's chain has a place for it
        return
    data = {"kind": message.kind, "slot": message.slot, "to": message.recipient, "message_id": message.message_id}
    kind = "mailed" if state == Message.State.SENT else "mail-unknown"
    note(message.agreement.pk, kind, by="clock", now=now, data=data)


def address_refused(message: Message, now: datetime) -> None:
    """No mail will ever reach this address: nothing more is sent there, and an editor must find another one.

    Call it in the transaction that settles the mail, with the rows of all agreements that have mail to it held.
    """
    if stop_address(message, message.error, now) and not message.volume_id:
        data = {"to": message.recipient, "words": message.error}
        note(message.agreement.pk, "address-refused", by="clock", now=now, data=data)


def stop_address(message: Message, words: str, now: datetime) -> bool:
    """Ends all mail to the address of `message`; False if that was done before."""
    address = message.recipient
    mail.cancel_to(address, addresses.agreements_with_mail_to(address))
    if not addresses.stop(address, words, now):
        return False
    about_signer = not message.volume_id and address.lower() == message.agreement.signer_email.lower()
    if about_signer:  # who cannot be asked any more
        notices.tell_editors(message.agreement, Kind.EDITOR_REFUSED, now, about=notices.short(address))
    return True


def bounced(bounce: Bounce, *, now: datetime) -> str:
    """A report came back that a mail did not arrive. Returns ``hard``, ``soft``, ``known`` or ``ignored``."""
    message = bounced_mail(bounce.message_id)
    if message is None or message.volume_id:
        return "ignored"
    with transaction.atomic():
        mail.hold({message.agreement.pk, *addresses.agreements_with_mail_to(message.recipient)})
        if message.agreement.events.filter(kind="bounced", data__digest=bounce.digest).exists():
            return "known"
        data = {"to": message.recipient, "words": bounce.words, "hard": bounce.hard, "digest": bounce.digest}
        note(message.agreement.pk, "bounced", by="clock", now=now, data=data)
        if bounce.hard:
            stop_address(message, bounce.words, now)
        else:
            mail_again(message, now)
    return "hard" if bounce.hard else "soft"


def bounced_mail(message_id: str) -> Message | None:
    """The mail with that Message-ID; of one about several papers the first that it carried."""
    mails = Message.objects.filter(message_id=message_id).select_related("agreement")
    message = mails.first()
    if message and message.kind == Kind.TOGETHER:
        parts = message.carried.exclude(state=Message.State.CANCELLED)
        return parts.select_related("agreement").order_by("pk").first()
    return message


def mail_again(message: Message, now: datetime) -> None:
    """Queues a mail once more that came back, but not for good: tomorrow the mailbox may have room.

    Nothing is queued where nobody waits for it any more, where another mail to the address is on its way, or when so
    many have come back that a person should look. Nor for one of several papers that shared a mail: the clock reminds.
    """
    agreement, address = message.agreement, message.recipient
    agreement.refresh_from_db()
    asks = message.kind in (Kind.INVITATION, *mail.ASKING_AGAIN, Kind.FRESH)
    if message.carrier_id or (asks and (agreement.status != Status.ISSUED or agreement.reminders_stopped_at)):
        return
    if addresses.lock(address).stopped_at or addresses.agreements_with_mail_to(address):
        return
    if agreement.events.filter(kind="bounced", data__to=address).count() <= MAIL_AGAIN:
        slot, kind = f"{message.slot}:again", Kind(message.kind)
        mail.queue(agreement, slot=slot, kind=kind, recipient=address, now=now, wait=TOMORROW)


# --- the author's moves


def review(agreement: Agreement, act: Act, *, now: datetime) -> None:
    """The author has filled in the form and looks it over: the first trace of a person, noted once per document."""
    with transaction.atomic():
        mail.hold([agreement.pk])  # so that nothing is noted on an agreement that has just moved on
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise WrongMove("review", status)
        if act.looked_over not in reviews(agreement):
            note(agreement.pk, "reviewed", by="signer", now=now, data=act.looked_over)


def reviews(agreement: Agreement) -> list[dict[str, Any]]:
    return list(agreement.events.filter(kind="reviewed").values_list("data", flat=True))


def sign(agreement: Agreement, act: Act, *, now: datetime) -> None:
    """The signature, complete with its evidence, in one transaction; the seal is a later step that may be repeated.

    Raises NotReviewed unless the author has looked over this very document with these very statements.
    """
    shown = sha256(act.shown)
    with transaction.atomic():
        move(
            agreement,
            "sign",
            by="signer",
            now=now,
            data={
                "typed_name": act.typed_name,
                "consent": act.consent.text,
                "authority": act.authority.text,
                "shown_sha256": shown,
                "text_sha256": agreement.text.digest,
                "language": act.language,
                "capacity": agreement.facts.capacity,
            }
            # In the event, which is append-only and chained: it is evidence, and nobody asks for rows by it.
            | ({"drawn": act.drawn} if act.drawn else {}),
            signed_at=now,
            typed_name=act.typed_name,
            consent=act.consent.text,
            authority=act.authority.text,
            shown_sha256=shown,
            signer_address=act.address,
            signer_agent=act.agent[:500],
            look_at=None,
        )
        if act.looked_over not in reviews(agreement):
            raise NotReviewed
        keep_shown(agreement, act.shown)
        mail.cancel_open(agreement.pk)
        notices.tell_coauthors(agreement, now)


def keep_shown(agreement: Agreement, shown: bytes) -> None:
    """The form as it was signed, whether by link or by hand; call it in the transaction of the signature."""
    ShownCopy.objects.create(agreement=agreement, body=shown)


def decline(agreement: Agreement, *, reason: str, now: datetime) -> None:
    """The author will not sign. Reminders end in the same transaction; both sides get a mail."""
    with transaction.atomic():
        move(
            agreement,
            "decline",
            by="signer",
            now=now,
            data={"reason": reason},
            closed_at=now,
            reason=reason,
            look_at=None,
        )
        close(agreement, now)
        mail.queue(agreement, slot="declined", kind=Kind.DECLINED, recipient=agreement.signer_email, now=now)
        notices.tell_editors(agreement, Kind.EDITOR_DECLINED, now)


def stop_reminders(agreement: Agreement, *, now: datetime) -> bool:
    """The author wants no more reminders. It declines nothing: the agreement waits on, and the editors are told.

    False when nothing waits, or reminders were stopped before.
    """
    with transaction.atomic():
        waiting = Agreement.objects.filter(pk=agreement.pk, status__in=WAITING, reminders_stopped_at__isnull=True)
        if not waiting.update(reminders_stopped_at=now, look_at=None):
            return False
        mail.cancel_reminders(agreement.pk)
        note(agreement.pk, "stop-reminders", by="signer", now=now, data={})
        notices.tell_editors(agreement, Kind.EDITOR_STOPPED, now)
    return True


def close(agreement: Agreement, now: datetime) -> None:
    """What ends with every agreement that will not be signed any more: its mails and its links."""
    mail.cancel_open(agreement.pk)
    links.revoke(agreement.pk, now)


# --- the seal


def seal(agreement: Agreement, *, name: str, body: bytes, key: SealKey, level: str, now: datetime) -> None:
    """The sealed file is in storage under `name`; the signer gets a copy."""
    digest = sha256(body)
    with transaction.atomic():
        certificate, _ = SealCertificate.objects.get_or_create(
            fingerprint=key.fingerprint, defaults={"pem": key.pem, "first_used_at": now}
        )
        move(
            agreement,
            "seal",
            by="clock",
            now=now,
            data={"sha256": digest, "size": len(body), "level": level, "certificate": key.fingerprint},
            sealed_at=now,
            sealed_file=name,
            sealed_sha256=digest,
            sealed_size=len(body),
            seal_level=level,
            seal_certificate=certificate,
            seal_error="",
            seal_after=None,
        )
        mail.queue(
            agreement, slot=f"receipt:{digest[:16]}", kind=Kind.RECEIPT, recipient=agreement.signer_email, now=now
        )


def seal_failed(agreement: Agreement, *, error: str, now: datetime) -> None:
    """Sealing did not work: said on the desk, tried again later. The signature stands."""
    wait = SEAL_BACKOFF[min(agreement.seal_attempts, len(SEAL_BACKOFF) - 1)]
    Agreement.objects.filter(pk=agreement.pk, status=Status.SIGNED).update(
        seal_attempts=F("seal_attempts") + 1, seal_error=error, seal_after=now + wait
    )


def damaged(agreement: Agreement, words: str, *, now: datetime) -> None:
    """Puts on record, once, that the sealed file is not what was sealed. Nothing moves: a copy may be restored."""
    if not agreement.events.filter(kind="damaged", data__words=words).exists():
        note(agreement.pk, "damaged", by="clock", now=now, data={"words": words})


# --- the editor's moves


def void(agreement: Agreement, *, reason: str, by: str, now: datetime) -> None:
    """Ends an agreement without a successor. Evidence stays."""
    with transaction.atomic():
        move(agreement, "void", by=by, now=now, data={"reason": reason}, closed_at=now, reason=reason, look_at=None)
        close(agreement, now)


def waive(agreement: Agreement, *, reason: str, by: str, now: datetime) -> None:
    """The paper goes without a signature, and `reason` says why, such as another licence that the publisher holds.

    Nobody is asked any more: mails and links end. An editor takes it back by replacing or voiding the agreement.
    """
    with transaction.atomic():
        move(agreement, "waive", by=by, now=now, data={"reason": reason}, reason=reason, look_at=None)
        close(agreement, now)


def waive_paper(paper: Paper, *, reason: str, by: str, now: datetime) -> Agreement:
    """The same for a paper without an agreement under way: one is begun to carry the waiver.

    Raises NotReady when the paper has an agreement under way, or is withdrawn.
    """
    if paper.status == Paper.Status.WITHDRAWN:
        raise drafting.NotReady("It is withdrawn.")
    with transaction.atomic():
        agreement = begin(paper, drafting.facts_of_waiver(paper), by=by, now=now)
        waive(agreement, reason=reason, by=by, now=now)
    return agreement


def supersede(agreement: Agreement, *, reason: str, by: str, now: datetime) -> Agreement:
    """Replaces an agreement by a new one with the paper's facts of today, and issues that. Returns the new one."""
    with transaction.atomic():
        move(
            agreement, "supersede", by=by, now=now, data={"reason": reason}, closed_at=now, reason=reason, look_at=None
        )
        close(agreement, now)
        successor = draft(agreement.paper, by=by, now=now, predecessor=agreement)
        issue(successor, by=by, now=now)
    return successor


def lapse(agreement: Agreement, *, now: datetime) -> None:
    """Clause 7: not published within one year of the signature."""
    with transaction.atomic():
        move(agreement, "lapse", by="clock", now=now, data={}, closed_at=now, reason="Not published within one year.")
        close(agreement, now)


def volume_delivered(volume_id: int, *, now: datetime) -> None:
    """The publisher has the whole volume: whatever may still wait for a signature there, nobody is reminded of it."""
    with transaction.atomic():
        waiting = held_waiting(volume_id)
        mail.cancel_all_reminders(waiting)
        Agreement.objects.filter(pk__in=waiting, status=Status.ISSUED).update(look_at=None)
        Terms.objects.filter(volume=volume_id).update(daily_at=FOREVER)


def delivered(agreement: Agreement, *, by: str, now: datetime, sha256: str) -> None:
    """Notes that the sealed file went to the publisher."""
    note(agreement.pk, "deliver", by=by, now=now, data={"sha256": sha256})
