"""Change requests: another signer, title or names. Editors accept or reject them.

The signer can delegate to a co-author with a known address without an editor. Everything else is a change request: a
row that an editor resolves once. The snapshot of an agreement never changes: accepting a request replaces the
agreement.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agreements import lifecycle
from agreements.domain import reasons
from agreements.domain.differences import compare_snapshot
from agreements.domain.states import WAITING
from agreements.lifecycle import snapshot
from agreements.lifecycle.delegate import confirm_delegation, name_shown, paper_of, set_corresponding_author
from agreements.mail import notify, outbox
from agreements.models import Agreement, ChangeRequest, Message, NonAuthorSigner
from proceedings.bibtex.latex import UnmappedError, to_latex
from proceedings.bibtex.name_matching import compatible, plain_words, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name
from proceedings.email_address import address_key
from proceedings.models import Author, Paper

State = ChangeRequest.State


class AlreadyRequestedError(Exception):
    """A change request of the same kind is open."""


# --- another signer


def possible_delegates(agreement: Agreement) -> list[Author]:
    """Return the authors to whom the signer may delegate, in order: all but the signer."""
    authors = list(agreement.paper.authors.order_by("position"))
    named = [author for author in authors if name_shown(author) == agreement.signer]
    same = [author for author in named if address_key(author.email) == address_key(agreement.signer_email)]
    signer = next(iter(same or named), None)
    return [author for author in authors if author != signer]


# --- requests


def request_change(
    agreement: Agreement, kind: ChangeRequest.Kind, data: dict[str, Any], *, note: str, now: datetime
) -> ChangeRequest:
    """Record a change request and notify the editors.

    Raises TransitionError if the agreement awaits no signature, AlreadyRequestedError if one of this kind is open.
    """
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise lifecycle.TransitionError(status)
        if agreement.change_requests.filter(kind=kind, state=State.OPEN).exists():
            raise AlreadyRequestedError
        request = ChangeRequest.objects.create(agreement=agreement, kind=kind, data=data, note=note, made_at=now)
        outbox.cancel_reminders([agreement.pk])  # `planner.request_pause_until` prevents new ones
        lifecycle.record_event(
            agreement.pk, "propose", by="signer", now=now, data={"what": describe_changes(request), "note": note}
        )
        notify.notify_editors(agreement, Message.Kind.EDITOR_PROPOSAL, now, about=str(request.pk))
    return request


def describe_changes(change_request: ChangeRequest) -> list[str]:
    """Return the requested changes, one line each."""
    return [str(each) for each in compare_snapshot(change_request.agreement.facts, change_request.data)]


def accept(change_request: ChangeRequest, *, by: str, now: datetime) -> Agreement:
    """Apply the requested changes to the paper and replace the agreement. Returns the new one; its link is emailed.

    Raises TransitionError if it was resolved or the agreement has changed, NotReadyError if the paper cannot be changed
    so.
    """
    with transaction.atomic():
        agreement = resolve(change_request, State.ACCEPTED, by=by, now=now)
        if change_request.kind == ChangeRequest.Kind.SIGNER:
            set_signer(agreement, change_request.data, by=by, now=now)
            reason = reasons.signer_changed_to(change_request.data["name"])
        else:
            apply_change(paper_of(agreement), change_request.data)
            reason = reasons.CHANGED
        agreement.paper = paper_of(agreement)
        successor = lifecycle.replace(agreement, reason=reason, by=by, now=now)
        if change_request.kind == ChangeRequest.Kind.SIGNER:
            confirm_delegation(agreement, now)
    return successor


def reject(change_request: ChangeRequest, *, reason: str, by: str, now: datetime) -> None:
    """Reject the request. The agreement stays as it is, and its signer gets the reason."""
    with transaction.atomic():
        agreement = resolve(change_request, State.REFUSED, by=by, now=now, answer=reason)
        lifecycle.record_event(agreement.pk, "refuse", by=by, now=now, data={"reason": reason})
        lifecycle.recheck(agreement, now)
        kind = Message.Kind.PROPOSAL_REFUSED
        idempotency_key, to = f"proposal-refused:{change_request.pk}", agreement.signer_email
        outbox.queue(agreement, idempotency_key=idempotency_key, kind=kind, recipient=to, now=now)


def set_signer(agreement: Agreement, requested: dict[str, Any], *, by: str, now: datetime) -> None:
    """Make the requested person the signer. Raises NotReadyError if the paper lacks the author."""
    authors = Author.objects.filter(paper=agreement.paper_id)
    if "author" not in requested:
        corresponding = authors.filter(is_corresponding=True).first()
        if corresponding is None:
            raise snapshot.NotReadyError("The paper has no corresponding author. Choose one on its page first.")
        values = {"name": requested["name"], "email": requested["email"], "named_at": now, "named_by": by}
        NonAuthorSigner.objects.update_or_create(author=corresponding, defaults=values)
        return
    author = authors.filter(pk=requested["author"]).first()
    if author is None:
        raise snapshot.NotReadyError(f"{requested['name']} is no longer an author of this paper. Reject the request.")
    set_corresponding_author(author, requested["email"])


def resolve(
    change_request: ChangeRequest, state: ChangeRequest.State, *, by: str, now: datetime, answer: str = ""
) -> Agreement:
    """Resolve the request once, if its agreement awaits a signature. Returns the agreement, with its row locked.

    Raises TransitionError if it was resolved or the agreement has changed.
    """
    outbox.lock_agreements([change_request.agreement_id])
    agreement = Agreement.objects.select_related("text").get(pk=change_request.agreement_id)
    if agreement.status not in WAITING:
        raise lifecycle.TransitionError(agreement.status)
    open_requests = ChangeRequest.objects.filter(pk=change_request.pk, state=State.OPEN)
    if not open_requests.update(state=state, resolved_at=now, resolved_by=by, answer=answer):
        raise lifecycle.TransitionError(agreement.status)
    change_request.refresh_from_db()
    return agreement


# --- title and authors


def apply_change(paper: Paper, data: dict[str, Any]) -> None:
    """Write the requested title and authors into the paper. Raises NotReadyError, which says what to do."""
    if "title" in data and data["title"] != paper.title:
        try:
            paper.title, paper.title_latex = data["title"], to_latex(data["title"])
        except UnmappedError as error:
            raise snapshot.NotReadyError(f"The title cannot be written in LaTeX: {error}") from error
        paper.save(update_fields=["title", "title_latex"])
    if "authors" in data:
        apply_authors(paper, data["authors"])


def apply_authors(paper: Paper, names: list[str]) -> None:
    """Give the paper these authors in this order. An author with the same or a similar name keeps the other data."""
    rows = list(paper.authors.order_by("position"))
    matched = match_authors(rows, names)
    removed = [row for row in rows if row not in matched]
    if any(row.is_corresponding for row in removed):
        raise snapshot.NotReadyError(
            "The change removes the corresponding author. Choose another one on the paper’s page first."
        )
    for author in removed:
        author.delete()
    free_position = 1 + max((row.position for row in rows), default=0) + len(names)
    for position, author in enumerate(filter(None, matched)):  # first to unused positions, because positions are unique
        Author.objects.filter(pk=author.pk).update(position=free_position + position)
    for position, (row, name) in enumerate(zip(matched, names, strict=True), start=1):
        author = row or Author(paper=paper)
        author.position = position
        if row is None or name_shown(row) != name:
            parts = parse_name(name)
            author.given, author.particle = parts.given, parts.particle
            author.family, author.suffix = parts.family, parts.suffix
        try:
            author.full_clean(exclude=["orcid"])  # of before; a finding names it if it is wrong
        except ValidationError as error:
            raise snapshot.NotReadyError(f"“{name}” cannot be an author: {' '.join(error.messages)}") from error
        author.save()


def match_authors(rows: list[Author], names: list[str]) -> list[Author | None]:
    """Match each name to an author: by the same name, then a similar name, then the family name, then the position."""
    matched: list[Author | None] = [None] * len(names)

    def match_where(is_match: Any) -> None:
        for position, name in enumerate(names):
            if matched[position] is None:
                matched[position] = next(
                    (row for row in rows if row not in matched and is_match(position, name, row)), None
                )

    match_where(lambda position, name, row: name_shown(row) == name)
    match_where(lambda position, name, row: are_similar(parse_name(name), row.name))
    match_where(lambda position, name, row: plain_words(parse_name(name).family) == plain_words(row.family))
    if len(rows) == len(names):
        match_where(lambda position, name, row: rows[position] is row)
    return matched


def are_similar(one: Name, other: Name) -> bool:
    return same_words(one, other) or same_letters(one, other) or compatible(one, other)


def parse_name(name: str) -> Name:
    """Split a name of the form ``First von Last, Jr`` into its parts."""
    full_name, _, suffix = name.partition(", ")
    try:
        parts = read_name(full_name).name
    except NotANameError:
        return Name(family=name)
    return Name(family=parts.family, given=parts.given, particle=parts.particle, suffix=suffix)
