"""Corrections of published papers; THE ONLY WRITER of Correction.

They are recorded with the fields of the publisher's form for a pull request, so that they can be copied into it: who
asks, the kind of change, and which editor gave permission, how and when. A small edit of the metadata needs no
permission; another PDF or other content needs the permission of an editor of the volume.
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
"""Limit of open correction requests per paper."""


class NotPublishedError(Exception):
    """The paper is not published: it can still be changed directly."""


class TooManyOpenError(Exception):
    """The paper has too many open correction requests."""


class AlreadyResolvedError(Exception):
    """The correction was already resolved."""


class NotPermittedError(ValueError):
    """The publisher requires a permission that is missing or not from an editor of the volume."""


@dataclass(frozen=True, slots=True)
class Permission:
    """An editor's permission, with the data that the publisher asks for."""

    by: str = ""
    how: str = ""
    on: date | None = None
    correspondence: str = ""
    github: str = ""


def request_correction(agreement: Agreement, *, by: str, now: datetime, **fields: Any) -> Correction:
    """Record a request, and notify the editors unless one of them made it.

    Raises NotPublishedError, TooManyOpenError.
    """
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
    """Approve the correction with the permission it needs. Raises NotPermittedError, AlreadyResolvedError."""
    editors = correction.agreement.paper.volume.editor_names
    if correction.needs_permission and not (permission.by and permission.how and permission.on):
        raise NotPermittedError("Say which editor of the volume gave permission, how, and on which day.")
    if permission.by and permission.by not in editors:
        raise NotPermittedError(f"{permission.by} is not among the volume’s editors.")
    if permission.on and permission.on > now.date():
        raise NotPermittedError("The permission cannot be of a day to come.")
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
    """Reject the correction, and email the reason to the requester. Raises AlreadyResolvedError."""
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
    """Record that the publisher has applied the correction, and notify the requester.

    Raises AlreadyResolvedError unless it is approved and not yet applied.
    """
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
    """Email the result to the requester, if there is an address."""
    if correction.email:
        kind, idempotency_key = Message.Kind.CORRECTION, f"correction:{correction.pk}:{correction.state}"
        outbox.queue(
            correction.agreement, idempotency_key=idempotency_key, kind=kind, recipient=correction.email, now=now
        )


# --- the publisher's form

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
    """Return the correction as Markdown with the headings of the publisher's form, for a pull request."""
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
