"""Corrections of what is published; THE ONLY WRITER of Correction.

They are recorded in the terms of the form that the publisher's repositories show for a pull request, so that what was
settled here can be handed on as it is: who asks, what kind of change, which editor gave permission, how and when. A
small edit of the metadata needs no permission; another PDF or other content needs that of an editor of the volume.
"""

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from agreements import lifecycle
from agreements.mail import notify, outbox
from agreements.models import Agreement, Correction, Message

State, Role, Nature = Correction.State, Correction.Role, Correction.Nature

MAX_OPEN = 3
"""So many requests about one paper may wait for an editor."""


class NotPublishedError(Exception):
    """Before publication the paper itself is changed."""


class TooManyOpenError(Exception):
    """The editors have enough requests about this paper already."""


class AlreadyResolvedError(Exception):
    """Somebody else was faster."""


class NotPermittedError(ValueError):
    """The permission that the publisher asks for is missing, or is not that of an editor of the volume."""


@dataclass(frozen=True, slots=True)
class Permission:
    """The word of one of the volume's editors, as the publisher wants it recorded."""

    by: str = ""
    how: str = ""
    on: date | None = None
    correspondence: str = ""
    github: str = ""


def request_correction(agreement: Agreement, *, by: str, now: datetime, **fields: Any) -> Correction:
    """Puts a request on record and tells the editors, unless one of them made it. Raises NotPublished, TooManyOpen."""
    published = agreement.paper.volume.published
    if published is None or published > now.date():
        raise NotPublishedError
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        if agreement.corrections.filter(state=State.OPEN).count() >= MAX_OPEN:
            raise TooManyOpenError
        made = Correction.objects.create(agreement=agreement, made_at=now, made_by=by, **fields)
        data = {"nature": made.nature, "what": made.description, "who": made.name}
        lifecycle.record_event(agreement.pk, "correction", by=by, now=now, data=data)
        if not by.startswith("editor:"):
            notify.notify_editors(agreement, Message.Kind.EDITOR_CORRECTION, now, about=str(made.pk))
    return made


def approve(correction: Correction, permission: Permission, *, by: str, now: datetime) -> None:
    """Approved, with the permission it needs. Raises NotPermitted and Settled."""
    editors = correction.agreement.paper.volume.editor_names
    if correction.needs_permission and not (permission.by and permission.how and permission.on):
        raise NotPermittedError("Enter which volume editor gave permission, how, and on which day.")
    if permission.by and permission.by not in editors:
        raise NotPermittedError(f"{permission.by} is not an editor of this volume. Choose one from the list.")
    if permission.on and permission.on > now.date():
        raise NotPermittedError("The day of the permission is in the future. Check the date.")
    resolve(
        correction,
        State.APPROVED,
        by=by,
        now=now,
        permitted_by=permission.by,
        permitted_how=permission.how,
        permitted_on=permission.on,
        correspondence=permission.correspondence,
        github=permission.github,
    )


def reject(correction: Correction, *, reason: str, by: str, now: datetime) -> None:
    """Refused; who asked is told why. Raises Settled."""
    with transaction.atomic():
        resolve(correction, State.REFUSED, by=by, now=now, answer=reason)
        notify_requester(correction, now)


def resolve(correction: Correction, state: Correction.State, *, by: str, now: datetime, **columns: Any) -> None:
    with transaction.atomic():
        outbox.lock_agreements([correction.agreement_id])
        mine = Correction.objects.filter(pk=correction.pk, state=State.OPEN)
        if not mine.update(state=state, resolved_at=now, resolved_by=by, **columns):
            raise AlreadyResolvedError
        correction.refresh_from_db()
        data = {"what": correction.description, "words": correction.answer, "permitted_by": correction.permitted_by}
        lifecycle.record_event(correction.agreement_id, f"correction-{state}", by=by, now=now, data=data)


def apply(correction: Correction, *, by: str, now: datetime) -> None:
    """The publisher has taken it in; who asked is told. Raises Settled unless it was approved and not yet applied."""
    with transaction.atomic():
        outbox.lock_agreements([correction.agreement_id])
        mine = Correction.objects.filter(pk=correction.pk, state=State.APPROVED)
        if not mine.update(state=State.APPLIED, applied_at=now, applied_by=by):
            raise AlreadyResolvedError
        correction.refresh_from_db()
        data = {"what": correction.description}
        lifecycle.record_event(correction.agreement_id, "correction-applied", by=by, now=now, data=data)
        notify_requester(correction, now)


def notify_requester(correction: Correction, now: datetime) -> None:
    """Tells whoever asked what became of it, as far as there is an address."""
    if correction.email:
        kind, idempotency_key = Message.Kind.CORRECTION, f"correction:{correction.pk}:{correction.state}"
        outbox.queue(
            correction.agreement, idempotency_key=idempotency_key, kind=kind, recipient=correction.email, now=now
        )


# --- in the publisher's terms

ROLES = {
    Role.AUTHOR: "I am an author of this paper",
    Role.FOR_AUTHOR: "I am acting on behalf of an author",
    Role.EDITOR: "I am an editor of this volume",
    Role.FOR_EDITOR: "I am acting on behalf of an editor",
    Role.OTHER: "Other",
}
NATURES = {
    Nature.META: "Minor edit to meta information",
    Nature.PDF: "PDF change (requires proceedings editor permission)",
    Nature.CONTENT: "Content change (requires proceedings editor permission)",
}


def pull_request(correction: Correction) -> str:
    """The request as Markdown under the headings of the publisher's form, ready to be pasted into a pull request."""
    agreement = correction.agreement
    given = correction.permitted_on.isoformat() if correction.permitted_on else ""
    paper = agreement.paper
    blocks = [
        ("# Paper Edit Request", [f"v{paper.volume.number}, {paper.public_id or paper.key}: {paper.title}"]),
        ("## Your Role", [*ticks(ROLES, correction.role), line("On behalf of", correction.on_behalf_of)]),
        ("## Nature of Changes", ticks(NATURES, correction.nature)),
        (
            "## For Content Changes",
            [
                line("1. Name of the proceedings editor who gave permission", correction.permitted_by),
                line("2. Method of permission", correction.permitted_how),
                line("3. Date permission was granted", given),
                line("4. Relevant correspondence or notes", one_line(correction.correspondence)),
            ],
        ),
        ("## GitHub Information", [line("Proceedings editor's GitHub username", at(correction.github))]),
        ("## Description of Changes", [correction.description]),
        (
            "## Additional Notes",
            [correction.notes, f"Asked for by {correction.name}; agreement {agreement.reference}."],
        ),
    ]
    return "\n\n".join("\n".join([heading, "", *filter(None, lines)]) for heading, lines in blocks) + "\n"


def ticks(choices: dict[Any, str], chosen: str) -> list[str]:
    return [f"- [{'x' if choice == chosen else ' '}] {words}" for choice, words in choices.items()]


def line(label: str, value: str) -> str:
    return f"{label}: {value}".rstrip()


def one_line(text: str) -> str:
    return " ".join(text.split())


def at(name: str) -> str:
    return f"@{name.lstrip('@')}" if name else ""
