"""Moves for many at once: a page that says how many and what will happen, then a page that names every failure."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from django.contrib import messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from agreements.admin.format import who
from agreements.admin.forms import BulkActionForm, ContactsForm, PauseForm, ReasonForm
from agreements.admin.lists import MAX_ROWS, ExportableList
from agreements.domain.facts import sha256
from agreements.domain.states import LIVE, Status, allowed_transitions
from agreements.jobs import bulk as moves
from agreements.lifecycle import snapshot
from agreements.mail import outbox
from agreements.models import Agreement, SigningSettings
from proceedings.accounts.permissions import edited_volumes
from proceedings.models import Paper


@dataclass(frozen=True, slots=True)
class BulkAction:
    """One move for many: its words, and what it wants to know beside who is meant."""

    verb: str
    label: str
    what: str
    done: str
    form: type[BulkActionForm] = BulkActionForm
    by_assistant: bool = False


BULK_ACTIONS = {
    bulk.verb: bulk
    for bulk in (
        BulkAction(
            "prepare",
            "Prepare agreements (nothing is sent)",
            "An agreement is drafted for each, with today’s title, authors and corresponding author. No mail goes out.",
            "prepared.",
        ),
        BulkAction(
            "issue",
            "Issue agreements",
            "Each corresponding author gets a mail with a personal link. From then on title, authors and signer of the "
            "agreement are frozen; reminders follow by themselves.",
            "issued. The invitations go out within a minute.",
        ),
        BulkAction(
            "remind",
            "Remind now",
            "Each signer gets one reminder, beside the scheduled ones.",
            "reminders on the way, within a minute.",
            by_assistant=True,
        ),
        BulkAction(
            "pause",
            "Pause reminders…",
            "Nobody is reminded of these papers meanwhile; reminders on their way are stopped. Links in earlier mails "
            "still work, and the deadline stays.",
            "paused.",
            form=PauseForm,
        ),
        BulkAction(
            "resume",
            "Resume reminders",
            "Reminders go out again by the volume’s dates.",
            "resumed.",
        ),
        BulkAction(
            "contact",
            "Change corresponding authors…",
            "Choose another corresponding author, or another address, for each; those you leave out stay as they are. "
            "Where an agreement waits for its signature, it is replaced: the old link dies, the new person gets a mail "
            "with a link of their own, and the former one is told.",
            "changed. The new invitations go out within a minute.",
            form=ContactsForm,
        ),
        BulkAction(
            "waive",
            "Waive agreements…",
            "Each paper goes to the publisher without a signature, and the permissions package says why. Nobody is "
            "asked any more: links die and no more mail goes out. The publisher wants an agreement for every paper, so "
            "settle it with its series editor first.",
            "waived.",
            form=ReasonForm,
        ),
        BulkAction(
            "supersede",
            "Replace agreements…",
            "Each agreement ends and its links die; a new one with today’s title, authors and corresponding author is "
            "issued and mailed. The old ones and their evidence stay on record.",
            "replaced. The new invitations go out within a minute.",
            form=ReasonForm,
        ),
        BulkAction(
            "void",
            "Void agreements…",
            "Each agreement ends, its links die and no more mail goes out. It stays on record with its evidence.",
            "voided.",
            form=ReasonForm,
        ),
    )
}


@dataclass(slots=True)
class Outcome:
    """What becomes, or became, of each."""

    good: list[moves.Pair] = field(default_factory=list)
    refused: list[tuple[Paper, str]] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """What a page that was confirmed had shown."""
        return sha256(",".join(str(paper.pk) for paper, _ in self.good).encode())[:16]

    @property
    def total(self) -> int:
        return len(self.good) + len(self.refused)

    @property
    def sample(self) -> list[moves.Pair]:
        return self.good[:20]

    @property
    def reasons(self) -> list[tuple[str, list[str]]]:
        """The refusals, gathered by reason."""
        return summarize((why, paper.key) for paper, why in self.refused)


def summarize(refusals: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Reasons with the keys of all papers that were refused for each."""
    found: dict[str, list[str]] = {}
    for why, key in refusals:
        found.setdefault(why, []).append(key)
    return list(found.items())


def why_not(bulk: BulkAction, paper: Paper, agreement: Agreement | None) -> str:
    """Why this one cannot be moved, with what to do about it; empty when it can."""
    live = agreement if agreement and agreement.status in LIVE else None
    if bulk.verb == "remind":
        if live and live.status == Status.RECEIVED:
            return "The form signed on paper is to be looked at: accept it, or send it back."
        if live is None or live.status != Status.ISSUED:
            return "No agreement waits for a signature."
        under_way = any(message.state in outbox.OPEN_STATES for message in live.messages.all())
        return "A mail is on its way already." if under_way else ""
    if bulk.verb in ("pause", "resume"):
        return "" if live and live.status == Status.ISSUED else moves.NOTHING_TO_PAUSE
    if bulk.verb == "contact":
        return "" if live is None or live.status in moves.REMINDABLE else "Nobody is to sign it any more."
    if bulk.verb == "waive":
        return why_not_waive(paper, live)
    if bulk.verb in ("prepare", "issue"):
        if live and (bulk.verb == "prepare" or live.status != Status.DRAFT):
            return "It has an agreement under way."
    elif live is None or bulk.verb not in allowed_transitions(live.status):
        return "It has no agreement under way."
    return "" if bulk.verb == "void" else not_ready(bulk, paper)


def why_not_waive(paper: Paper, live: Agreement | None) -> str:
    """A paper without an agreement under way can be waived too, such as after a refusal to sign."""
    if paper.status == Paper.Status.WITHDRAWN:
        return "It is withdrawn."
    if live is None or "waive" in allowed_transitions(live.status):
        return ""
    return "It is waived already." if live.status == Status.WAIVED else "It is signed: there is nothing to waive."


def not_ready(bulk: BulkAction, paper: Paper) -> str:
    try:
        snapshot.take_snapshot(paper)
    except snapshot.NotReadyError as refusal:
        return str(refusal)
    has_terms = isinstance(getattr(paper.volume, "signing_settings", None), SigningSettings)
    return "" if has_terms or bulk.verb == "prepare" else "Its volume has no terms. Set the deadline first."


class BulkActions(ExportableList):
    """Adds the moves of `bulk_verbs` to the actions of a list."""

    bulk_verbs: tuple[str, ...] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        offered.pop("delete_selected", None)
        for verb in self.bulk_verbs:
            bulk = BULK_ACTIONS[verb]
            if bulk.by_assistant or self.may_move(request):
                offered[verb] = (self.action_for(bulk), verb, bulk.label)
        return offered

    def may_move(self, request: HttpRequest) -> bool:
        return self.may_change(request, None)

    def action_for(self, bulk: BulkAction) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
        def run(_: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            return self.bulk_page(request, bulk, rows)

        return run

    def bulk_page(self, request: HttpRequest, bulk: BulkAction, rows: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(rows[: MAX_ROWS + 1])
        if len(chosen) > MAX_ROWS:
            messages.error(
                request, f"These are more than {MAX_ROWS}. Choose a volume or a filter first; nothing was done."
            )
            return None
        plan = self.look(request, bulk, chosen)
        sent = "seen" in request.POST
        form = bulk.form(plan.good, request.POST if sent else None)
        if sent and request.POST["seen"] != plan.seen:
            messages.warning(request, "What you chose has changed meanwhile: look again. Nothing was done.")
            form = bulk.form(plan.good)
        elif sent and plan.good and form.is_valid():
            return self.carry_out(request, bulk, plan, form)
        return self.page(request, bulk, plan, "bulk.html", form=form)

    def carry_out(self, request: HttpRequest, bulk: BulkAction, plan: Outcome, form: BulkActionForm) -> HttpResponse:
        """A few at once; many as a job for each volume, with a page that shows how far it is."""
        pairs, now = form.meant(plan.good), timezone.now()
        if len(pairs) <= moves.MAX_IN_REQUEST:
            return self.page(request, bulk, run_action(bulk, plan, form, by=who(request)), "bulk_done.html")
        pairs.sort(key=lambda pair: pair[0].volume_id)
        jobs = [
            moves.create_job(
                volume, bulk.verb, of, reason=form.why, data=form.data_of, user=request.user, by=who(request), now=now
            )
            for volume, of in groupby(pairs, key=lambda pair: pair[0].volume)
        ]
        alone = jobs[0].pk if len(jobs) == 1 else None
        page = (
            reverse("admin:agreements_bulkjob_change", args=[alone])
            if alone
            else reverse("admin:agreements_bulkjob_changelist")
        )
        return HttpResponseRedirect(page)

    def look(self, request: HttpRequest, bulk: BulkAction, chosen: Iterable[Any]) -> Outcome:
        """Who can be moved and who cannot; nothing is changed."""
        plan = Outcome()
        editable = None if bulk.by_assistant else set(edited_volumes(request).values_list("pk", flat=True))
        for row in chosen:
            paper, agreement = self.pair(row)
            if editable is not None and paper.volume_id not in editable:
                why = "You may read this volume and remind its authors, and change nothing."
            else:
                why = why_not(bulk, paper, agreement)
            if why:
                plan.refused.append((paper, why))
            else:
                plan.good.append((paper, agreement))
        return plan

    def page(
        self, request: HttpRequest, bulk: BulkAction, outcome: Outcome, template: str, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **more,
            "bulk": bulk,
            "outcome": outcome,
            "title": bulk.label.rstrip("…"),
            "opts": self.opts,
            "chosen": request.POST.getlist(ACTION_CHECKBOX_NAME),
            "across": request.POST.get("select_across", "0"),
            "back": request.get_full_path(),
        }
        form = more.get("form")
        return render(request, f"admin/agreements/{template}", context, status=400 if form and form.errors else 200)


def run_action(bulk: BulkAction, plan: Outcome, form: BulkActionForm, *, by: str) -> Outcome:
    """Each on its own, so that one refusal holds up nobody."""
    done = Outcome(refused=list(plan.refused))
    for paper, agreement in form.meant(plan.good):
        data = form.data_of.get(paper.pk, {})
        why = moves.apply_to_paper(bulk.verb, paper, agreement, reason=form.why, data=data, by=by, now=timezone.now())
        if why:
            done.refused.append((paper, why))
        else:
            done.good.append((paper, agreement))
    return done
