"""Edits of signed papers (clause 5: substantive edits are verified with the author); THE ONLY WRITER of Edit.

An edit is recorded with what it changed. For a substantive edit the signer is asked by email; until they confirm it or
it is undone, the paper is not delivered. No answer does not count as confirmation.
"""

from datetime import datetime

from django.db import transaction

from agreements import lifecycle
from agreements.domain.states import Status
from agreements.mail import notify, outbox
from agreements.models import Agreement, Edit, Message

State = Edit.State

IN_FORCE = {Status.SIGNED, Status.SEALED}


def record_edit(
    agreement: Agreement,
    *,
    what: str,
    substantive: bool,
    by: str,
    now: datetime,
    before: str = "",
    after: str = "",
    reason: str = "",
) -> Edit:
    """Record an edit, and ask the author if it is substantive. Raises TransitionError before the signature."""
    with transaction.atomic():
        lock_edit(agreement, "note an edit under")
        edit = Edit.objects.create(
            agreement=agreement,
            what=what,
            before=before,
            after=after,
            reason=reason,
            substantive=substantive,
            state=State.OPEN if substantive else State.NOTED,
            made_at=now,
            made_by=by,
        )
        lifecycle.record_event(agreement.pk, "edit", by=by, now=now, data={"what": what, "substantive": substantive})
        if substantive:
            ask_author(edit, now=now)
    return edit


def ask_author(edit: Edit, *, now: datetime) -> bool:
    """Ask the author, or ask again. Returns False if the edit is not open or an email about it is still queued."""
    with transaction.atomic():
        lock_edit(edit.agreement, "ask about an edit under")
        open_ = Edit.objects.filter(pk=edit.pk, state=State.OPEN)
        times = open_.values_list("asked", flat=True).first()
        before = edit.agreement.messages.filter(idempotency_key=f"edit:{edit.pk}:{times}", state__in=outbox.OPEN)
        if times is None or before.exists() or not open_.filter(asked=times).update(asked=times + 1):
            return False
        idempotency_key, to = f"edit:{edit.pk}:{times + 1}", edit.agreement.signer_email
        return outbox.queue(
            edit.agreement, idempotency_key=idempotency_key, kind=Message.Kind.EDIT, recipient=to, now=now
        )


def record_answer(edit: Edit, *, confirmed: bool, words: str, now: datetime) -> None:
    """Record the author's answer, once, and notify the editors. Raises TransitionError if the edit
    was resolved before.
    """
    state = State.CONFIRMED if confirmed else State.DECLINED
    with transaction.atomic():
        resolve(edit, {State.OPEN}, state, by="signer", words=words, now=now)
        notify.notify_editors(edit.agreement, Message.Kind.EDITOR_EDIT, now, about=str(edit.pk))


def confirm(edit: Edit, *, reason: str, by: str, now: datetime) -> None:
    """Record that the author confirmed in another way, which `reason` names. Raises TransitionError."""
    resolve(edit, {State.OPEN, State.DECLINED}, State.CONFIRMED, by=by, words=reason, now=now)


def undo(edit: Edit, *, reason: str, by: str, now: datetime) -> None:
    """Record that the paper is as it was before the edit. Raises TransitionError."""
    resolve(edit, {State.NOTED, State.OPEN, State.DECLINED}, State.UNDONE, by=by, words=reason, now=now)


def resolve(edit: Edit, sources: set[Edit.State], state: Edit.State, *, by: str, words: str, now: datetime) -> None:
    """Set the state from one of `sources` and append the event. Raises TransitionError."""
    with transaction.atomic():
        lock_edit(edit.agreement, "settle an edit under")
        mine = Edit.objects.filter(pk=edit.pk, state__in=sources)
        if not mine.update(state=state, resolved_at=now, resolved_by=by, answer=words):
            raise lifecycle.TransitionError("settle again an edit under", edit.agreement.status)
        edit.refresh_from_db()
        data = {"what": edit.what, "words": words}
        lifecycle.record_event(edit.agreement_id, f"edit-{state}", by=by, now=now, data=data)


def lock_edit(agreement: Agreement, verb: str) -> None:
    """Lock the agreement's row, so that it cannot end meanwhile. Raises TransitionError if it is not in force."""
    outbox.lock_agreements([agreement.pk])
    status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
    if status not in IN_FORCE:
        raise lifecycle.TransitionError(verb, status)
