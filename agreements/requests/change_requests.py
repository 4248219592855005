"""Not the right person, or not the right facts: what an author may change alone, and what an editor settles.

Handing over to a co-author whose address is on file needs nobody else. Everything else is a proposal: a row with what
was wanted, settled once by an editor. An agreement's facts never change: whoever corrects them replaces it.
"""

from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction

from agreements import lifecycle
from agreements.domain import reasons
from agreements.domain.differences import differences
from agreements.domain.states import WAITING
from agreements.lifecycle import snapshot
from agreements.lifecycle.delegate import confirm_delegation, name_shown, paper_of, set_corresponding_author
from agreements.mail import notify, outbox
from agreements.models import Agreement, ChangeRequest, Message, NonAuthorSigner
from proceedings.bibtex.latex import UnmappedError, to_latex
from proceedings.bibtex.name_matching import compatible, plain_words, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name
from proceedings.models import Author, Paper

State = ChangeRequest.State


class AlreadyRequestedError(Exception):
    """The same kind of proposal waits for an editor."""


# --- another signer


def possible_delegates(agreement: Agreement) -> list[Author]:
    """The authors to whom the signer may hand over, in order; all of them, if the signer is none."""
    authors = list(agreement.paper.authors.order_by("position"))
    named = [author for author in authors if name_shown(author) == agreement.signer]
    signer = next((author for author in named if author.email == agreement.signer_email), named[0] if named else None)
    return [author for author in authors if author != signer]


# --- proposals


def request_change(
    agreement: Agreement, kind: ChangeRequest.Kind, data: dict[str, Any], *, note: str, now: datetime
) -> ChangeRequest:
    """Asks the editors. Raises TransitionError if the agreement has changed, AlreadyRequestedError if one is open."""
    with transaction.atomic():
        outbox.lock_agreements([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise lifecycle.TransitionError("propose anything for", status)
        if agreement.change_requests.filter(kind=kind, state=State.OPEN).exists():
            raise AlreadyRequestedError
        made = ChangeRequest.objects.create(agreement=agreement, kind=kind, data=data, note=note, made_at=now)
        outbox.cancel_reminders(agreement.pk)  # and `reminders.REST` keeps the clock from queueing others
        lifecycle.record_event(
            agreement.pk, "propose", by="signer", now=now, data={"what": change_lines(made), "note": note}
        )
        notify.notify_editors(agreement, Message.Kind.EDITOR_PROPOSAL, now, about=str(made.pk))
    return made


def change_lines(change_request: ChangeRequest) -> list[str]:
    """What it would change, a line each."""
    return [str(each) for each in differences(change_request.agreement.facts, change_request.data)]


def accept(change_request: ChangeRequest, *, by: str, now: datetime) -> Agreement:
    """Writes what was proposed into the paper and replaces the agreement. Returns the new one, whose link is mailed.

    Raises TransitionError if it was resolved or the agreement has changed, NotReadyError if the paper cannot take it.
    """
    with transaction.atomic():
        agreement = resolve(change_request, State.ACCEPTED, by=by, now=now)
        if change_request.kind == ChangeRequest.Kind.SIGNER:
            set_signer(agreement, change_request.data, by=by, now=now)
            reason = reasons.another_signer(change_request.data["name"])
        else:
            apply_change(paper_of(agreement), change_request.data)
            reason = reasons.CORRECTED
        agreement.paper = paper_of(agreement)
        successor = lifecycle.replace(agreement, reason=reason, by=by, now=now)
        if change_request.kind == ChangeRequest.Kind.SIGNER:
            confirm_delegation(agreement, now)
    return successor


def reject(change_request: ChangeRequest, *, reason: str, by: str, now: datetime) -> None:
    """The agreement stays as it is; its signer is told why."""
    with transaction.atomic():
        agreement = resolve(change_request, State.REFUSED, by=by, now=now, answer=reason)
        lifecycle.record_event(agreement.pk, "refuse", by=by, now=now, data={"reason": reason})
        lifecycle.check_now(agreement, now)
        kind = Message.Kind.PROPOSAL_REFUSED
        idempotency_key, to = f"proposal-refused:{change_request.pk}", agreement.signer_email
        outbox.queue(agreement, idempotency_key=idempotency_key, kind=kind, recipient=to, now=now)


def set_signer(agreement: Agreement, wanted: dict[str, Any], *, by: str, now: datetime) -> None:
    """Whoever was proposed signs from now on. Raises NotReadyError if the paper has nobody any more in whose place."""
    authors = Author.objects.filter(paper=agreement.paper_id)
    if "author" not in wanted:
        contact = authors.filter(is_corresponding=True).first()
        if contact is None:
            raise snapshot.NotReadyError("The paper has no corresponding author. Choose one on its page first.")
        named = {"name": wanted["name"], "email": wanted["email"], "named_at": now, "named_by": by}
        NonAuthorSigner.objects.update_or_create(author=contact, defaults=named)
        return
    author = authors.filter(pk=wanted["author"]).first()
    if author is None:
        raise snapshot.NotReadyError(f"{wanted['name']} is no longer an author of the paper. Reject the request.")
    set_corresponding_author(author, wanted["email"])


def resolve(
    change_request: ChangeRequest, state: ChangeRequest.State, *, by: str, now: datetime, answer: str = ""
) -> Agreement:
    """Resolves it once, if its agreement still waits. Returns the agreement, its row locked. Raises TransitionError."""
    outbox.lock_agreements([change_request.agreement_id])
    agreement = Agreement.objects.select_related("text").get(pk=change_request.agreement_id)
    if agreement.status not in WAITING:
        raise lifecycle.TransitionError("settle a proposal for", agreement.status)
    open_ = ChangeRequest.objects.filter(pk=change_request.pk, state=State.OPEN)
    if not open_.update(state=state, resolved_at=now, resolved_by=by, answer=answer):
        raise lifecycle.TransitionError("settle again a proposal for", agreement.status)
    change_request.refresh_from_db()
    return agreement


# --- other facts


def apply_change(paper: Paper, data: dict[str, Any]) -> None:
    """Writes a proposed title and author list into the paper. Raises NotReadyError, which says what to do."""
    if "title" in data and data["title"] != paper.title:
        try:
            paper.title, paper.title_latex = data["title"], to_latex(data["title"])
        except UnmappedError as refusal:
            raise snapshot.NotReadyError(f"The title cannot be written in LaTeX: {refusal}") from refusal
        paper.save(update_fields=["title", "title_latex"])
    if "authors" in data:
        apply_authors(paper, data["authors"])


def apply_authors(paper: Paper, names: list[str]) -> None:
    """Gives the paper these authors in this order. Who is known under the name, or one like it, keeps the rest."""
    rows = list(paper.authors.order_by("position"))
    chosen = match_authors(rows, names)
    left = [row for row in rows if row not in chosen]
    if any(row.is_corresponding for row in left):
        raise snapshot.NotReadyError(
            "The new list lacks the corresponding author. Choose another one on the paper’s page first."
        )
    for gone in left:
        gone.delete()
    far = 1 + max((row.position for row in rows), default=0) + len(names)
    for place, kept in enumerate(filter(None, chosen)):  # out of the way, for no two may ever share a position
        Author.objects.filter(pk=kept.pk).update(position=far + place)
    for place, (row, name) in enumerate(zip(chosen, names, strict=True), start=1):
        author = row or Author(paper=paper)
        author.position = place
        if row is None or name_shown(row) != name:
            parts = parse_name(name)
            author.given, author.particle = parts.given, parts.particle
            author.family, author.suffix = parts.family, parts.suffix
        try:
            author.full_clean()
        except ValidationError as refusal:
            raise snapshot.NotReadyError(f"“{name}” cannot be an author: {' '.join(refusal.messages)}") from refusal
        author.save()


def match_authors(rows: list[Author], names: list[str]) -> list[Author | None]:
    """For each name the author who bears it: the same name first, then one like it, then who stands there."""
    chosen: list[Author | None] = [None] * len(names)

    def choose(fits: Any) -> None:
        for place, name in enumerate(names):
            if chosen[place] is None:
                chosen[place] = next((row for row in rows if row not in chosen and fits(place, name, row)), None)

    choose(lambda place, name, row: name_shown(row) == name)
    choose(lambda place, name, row: similar_names(parse_name(name), row.name))
    choose(lambda place, name, row: plain_words(parse_name(name).family) == plain_words(row.family))
    if len(rows) == len(names):
        choose(lambda place, name, row: rows[place] is row)
    return chosen


def similar_names(one: Name, other: Name) -> bool:
    return same_words(one, other) or same_letters(one, other) or compatible(one, other)


def parse_name(name: str) -> Name:
    """A name as people write it, ``First von Last, Jr``, in its parts."""
    words, _, suffix = name.partition(", ")
    try:
        parts = read_name(words).name
    except NotANameError:
        return Name(family=name)
    return Name(family=parts.family, given=parts.given, particle=parts.particle, suffix=suffix)
