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
from agreements.lifecycle.delegate import confirm, name_contact, paper_of, shown
from agreements.mail import notify, outbox
from agreements.models import Agreement, Message, Proposal, StandIn
from proceedings.bibtex.latex import UnmappedError, to_latex
from proceedings.bibtex.name_matching import compatible, plain_words, same_letters, same_words
from proceedings.bibtex.names import Name, NotANameError, read_name
from proceedings.models import Author, Paper

State = Proposal.State


class AlreadyProposed(Exception):
    """The same kind of proposal waits for an editor."""


# --- another signer


def others(agreement: Agreement) -> list[Author]:
    """The authors to whom the signer may hand over, in order; all of them, if the signer is none."""
    authors = list(agreement.paper.authors.order_by("position"))
    named = [author for author in authors if shown(author) == agreement.signer]
    signer = next((author for author in named if author.email == agreement.signer_email), named[0] if named else None)
    return [author for author in authors if author != signer]


# --- proposals


def propose(agreement: Agreement, kind: Proposal.Kind, data: dict[str, Any], *, note: str, now: datetime) -> Proposal:
    """Asks the editors. Raises WrongMove if the agreement has moved on, AlreadyProposed if they were asked before."""
    with transaction.atomic():
        outbox.hold([agreement.pk])
        status = Agreement.objects.values_list("status", flat=True).get(pk=agreement.pk)
        if status not in WAITING:
            raise lifecycle.WrongMove("propose anything for", status)
        if agreement.proposals.filter(kind=kind, state=State.OPEN).exists():
            raise AlreadyProposed
        made = Proposal.objects.create(agreement=agreement, kind=kind, data=data, note=note, made_at=now)
        outbox.cancel_reminders(agreement.pk)  # and `reminders.REST` keeps the clock from queueing others
        lifecycle.note(agreement.pk, "propose", by="signer", now=now, data={"what": words(made), "note": note})
        notify.tell_editors(agreement, Message.Kind.EDITOR_PROPOSAL, now, about=str(made.pk))
    return made


def words(proposal: Proposal) -> list[str]:
    """What it would change, a line each."""
    return [str(each) for each in differences(proposal.agreement.facts, proposal.data)]


def accept(proposal: Proposal, *, by: str, now: datetime) -> Agreement:
    """Writes what was proposed into the paper and replaces the agreement. Returns the new one, whose link is mailed.

    Raises WrongMove when it was settled or the agreement has moved on, NotReady when the paper cannot take it.
    """
    with transaction.atomic():
        agreement = settle(proposal, State.ACCEPTED, by=by, now=now)
        if proposal.kind == Proposal.Kind.SIGNER:
            name_signer(agreement, proposal.data, by=by, now=now)
            reason = reasons.another_signer(proposal.data["name"])
        else:
            write_facts(paper_of(agreement), proposal.data)
            reason = reasons.CORRECTED
        agreement.paper = paper_of(agreement)
        successor = lifecycle.supersede(agreement, reason=reason, by=by, now=now)
        if proposal.kind == Proposal.Kind.SIGNER:
            confirm(agreement, now)
    return successor


def refuse(proposal: Proposal, *, reason: str, by: str, now: datetime) -> None:
    """The agreement stays as it is; its signer is told why."""
    with transaction.atomic():
        agreement = settle(proposal, State.REFUSED, by=by, now=now, answer=reason)
        lifecycle.note(agreement.pk, "refuse", by=by, now=now, data={"reason": reason})
        lifecycle.look_now(agreement, now)
        kind = Message.Kind.PROPOSAL_REFUSED
        slot, to = f"proposal-refused:{proposal.pk}", agreement.signer_email
        outbox.queue(agreement, slot=slot, kind=kind, recipient=to, now=now)


def name_signer(agreement: Agreement, wanted: dict[str, Any], *, by: str, now: datetime) -> None:
    """Whoever was proposed signs from now on. Raises NotReady if the paper has nobody any more in whose place."""
    authors = Author.objects.filter(paper=agreement.paper_id)
    if "author" not in wanted:
        contact = authors.filter(is_contact=True).first()
        if contact is None:
            raise snapshot.NotReady("The paper has no corresponding author. Choose one on its page first.")
        named = {"name": wanted["name"], "email": wanted["email"], "named_at": now, "named_by": by}
        StandIn.objects.update_or_create(author=contact, defaults=named)
        return
    author = authors.filter(pk=wanted["author"]).first()
    if author is None:
        raise snapshot.NotReady(f"{wanted['name']} is not among the paper’s authors any more.")
    name_contact(author, wanted["email"])


def settle(proposal: Proposal, state: Proposal.State, *, by: str, now: datetime, answer: str = "") -> Agreement:
    """Settles it once, if its agreement still waits. Returns the agreement, whose row is held. Raises WrongMove."""
    outbox.hold([proposal.agreement_id])
    agreement = Agreement.objects.select_related("text").get(pk=proposal.agreement_id)
    if agreement.status not in WAITING:
        raise lifecycle.WrongMove("settle a proposal for", agreement.status)
    open_ = Proposal.objects.filter(pk=proposal.pk, state=State.OPEN)
    if not open_.update(state=state, settled_at=now, settled_by=by, answer=answer):
        raise lifecycle.WrongMove("settle again a proposal for", agreement.status)
    proposal.refresh_from_db()
    return agreement


# --- other facts


def write_facts(paper: Paper, data: dict[str, Any]) -> None:
    """Writes a proposed title and author list into the paper. Raises NotReady, with what to do, if they do not fit."""
    if "title" in data and data["title"] != paper.title:
        try:
            paper.title, paper.title_latex = data["title"], to_latex(data["title"])
        except UnmappedError as refusal:
            raise snapshot.NotReady(f"The title cannot be written in LaTeX: {refusal}") from refusal
        paper.save(update_fields=["title", "title_latex"])
    if "authors" in data:
        write_authors(paper, data["authors"])


def write_authors(paper: Paper, names: list[str]) -> None:
    """Gives the paper these authors in this order. Who is known under the name, or one like it, keeps the rest."""
    rows = list(paper.authors.order_by("position"))
    chosen = known(rows, names)
    left = [row for row in rows if row not in chosen]
    if any(row.is_contact for row in left):
        raise snapshot.NotReady(
            "The corresponding author would leave the list. Choose another one on the paper’s page first."
        )
    for gone in left:
        gone.delete()
    far = 1 + max((row.position for row in rows), default=0) + len(names)
    for place, kept in enumerate(filter(None, chosen)):  # out of the way, for no two may ever share a position
        Author.objects.filter(pk=kept.pk).update(position=far + place)
    for place, (row, name) in enumerate(zip(chosen, names, strict=True), start=1):
        author = row or Author(paper=paper)
        author.position = place
        if row is None or shown(row) != name:
            parts = parsed(name)
            author.given, author.particle = parts.given, parts.particle
            author.family, author.suffix = parts.family, parts.suffix
        try:
            author.full_clean()
        except ValidationError as refusal:
            raise snapshot.NotReady(f"“{name}” cannot be an author: {' '.join(refusal.messages)}") from refusal
        author.save()


def known(rows: list[Author], names: list[str]) -> list[Author | None]:
    """For each name the author who bears it: the same name first, then one like it, then who stands there."""
    chosen: list[Author | None] = [None] * len(names)

    def choose(fits: Any) -> None:
        for place, name in enumerate(names):
            if chosen[place] is None:
                chosen[place] = next((row for row in rows if row not in chosen and fits(place, name, row)), None)

    choose(lambda place, name, row: shown(row) == name)
    choose(lambda place, name, row: alike(parsed(name), row.name))
    choose(lambda place, name, row: plain_words(parsed(name).family) == plain_words(row.family))
    if len(rows) == len(names):
        choose(lambda place, name, row: rows[place] is row)
    return chosen


def alike(one: Name, other: Name) -> bool:
    return same_words(one, other) or same_letters(one, other) or compatible(one, other)


def parsed(name: str) -> Name:
    """A name as people write it, ``First von Last, Jr``, in its parts."""
    words, _, suffix = name.partition(", ")
    try:
        parts = read_name(words).name
    except NotANameError:
        return Name(family=name)
    return Name(family=parts.family, given=parts.given, particle=parts.particle, suffix=suffix)
