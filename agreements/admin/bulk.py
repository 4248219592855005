"""Bulk actions: a page that says how many papers are affected and how, then a page that names every skipped one."""

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

from agreements.admin.format import actor
from agreements.admin.forms import BulkActionForm, ContactsForm, PauseForm, ReasonForm
from agreements.admin.lists import MAX_ROWS, ExportableList
from agreements.domain.facts import sha256
from agreements.domain.states import LIVE, Status, allowed_transitions
from agreements.jobs import bulk as bulk_jobs
from agreements.lifecycle import snapshot
from agreements.mail import outbox
from agreements.models import Agreement, SigningSettings
from proceedings.accounts.permissions import edited_volumes
from proceedings.models import Paper
from proceedings.people.licences import GRANTED, contradicts


@dataclass(frozen=True, slots=True)
class BulkAction:
    """One bulk action: its texts, and the form for what it needs to know."""

    verb: str
    label: str
    description: str
    success: str
    form: type[BulkActionForm] = BulkActionForm
    by_assistant: bool = False


BULK_ACTIONS = {
    bulk.verb: bulk
    for bulk in (
        BulkAction(
            "prepare",
            "Prepare agreements (sends nothing)",
            "We draft an agreement for each paper, with its current title, authors and corresponding author. We send "
            "no email.",
            "prepared.",
        ),
        BulkAction(
            "issue",
            "Issue agreements",
            "Each corresponding author gets an email with a personal link. After that, the agreement’s title, authors "
            "and signer cannot change. We send reminders by schedule.",
            "issued. We send the invitations within a minute.",
        ),
        BulkAction(
            "remind",
            "Send reminders now",
            "Each signer gets one reminder now, in addition to the scheduled ones.",
            "reminders queued. We send them within a minute.",
            by_assistant=True,
        ),
        BulkAction(
            "pause",
            "Pause reminders…",
            "We remind nobody about these papers while they are paused, and cancel queued reminders. The signing links "
            "still work, and the deadline stays.",
            "paused.",
            form=PauseForm,
        ),
        BulkAction(
            "resume",
            "Resume reminders",
            "We send reminders again by the volume’s schedule.",
            "resumed.",
        ),
        BulkAction(
            "contact",
            "Change corresponding authors…",
            "Choose another corresponding author, or another address, for each paper. Papers you leave out do not "
            "change. If an agreement is awaiting its signature, we replace it: the old link expires, and the new "
            "signer gets an email with a link. We tell the former signer.",
            "changed. We send the new invitations within a minute.",
            form=ContactsForm,
        ),
        BulkAction(
            "waive",
            "Waive agreements…",
            "Each paper goes to the publisher without a signature. The permissions package states the reason. The "
            "signing links expire, and we send no more email. The publisher expects an agreement for every paper: ask "
            "its series editor first.",
            "waived.",
            form=ReasonForm,
        ),
        BulkAction(
            "supersede",
            "Replace agreements…",
            "Each agreement ends and its links expire. We issue a new one with the paper’s current title, authors and "
            "corresponding author, and email its link. The old agreements and their evidence are kept.",
            "replaced. We send the new invitations within a minute.",
            form=ReasonForm,
        ),
        BulkAction(
            "void",
            "Void agreements…",
            "Each agreement ends, its links expire, and we send no more email. The agreement and its evidence are "
            "kept.",
            "voided.",
            form=ReasonForm,
        ),
    )
}


STATE_LICENCE = ("prepare", "issue", "supersede", "contact")
"""Actions after which somebody is asked to grant the licence."""


@dataclass(slots=True)
class Outcome:
    """What will happen, or has happened, to each paper or agreement."""

    eligible: list[bulk_jobs.Pair] = field(default_factory=list)
    skipped: list[tuple[Paper, str]] = field(default_factory=list)

    @property
    def seen(self) -> str:
        """The state that the confirmed page had shown."""
        return sha256(",".join(str(paper.pk) for paper, _ in self.eligible).encode())[:16]

    @property
    def total(self) -> int:
        return len(self.eligible) + len(self.skipped)

    @property
    def sample(self) -> list[bulk_jobs.Pair]:
        return self.eligible[:20]

    @property
    def reasons(self) -> list[tuple[str, list[str]]]:
        """The skipped ones, grouped by reason."""
        return summarize((why, paper.key) for paper, why in self.skipped)

    @property
    def other_licences(self) -> list[tuple[str, list[str]]]:
        """Papers whose submission states another licence than the agreement grants, grouped by licence."""
        return summarize((paper.licence, paper.key) for paper, _ in self.eligible if contradicts(paper.licence))


def summarize(skipped: Iterable[tuple[str, str]]) -> list[tuple[str, list[str]]]:
    """Each reason with the keys of all papers that it applies to."""
    found: dict[str, list[str]] = {}
    for why, key in skipped:
        found.setdefault(why, []).append(key)
    return list(found.items())


def skip_reason(bulk: BulkAction, paper: Paper, agreement: Agreement | None) -> str:
    """Why this one is skipped, and what to do about it; empty if the action applies."""
    live = agreement if agreement and agreement.status in LIVE else None
    if bulk.verb == "remind":
        if live and live.status == Status.RECEIVED:
            return "A signed form needs review. Accept it or send it back."
        if live is None or live.status != Status.ISSUED:
            return bulk_jobs.NOTHING_TO_PAUSE
        under_way = any(message.state in outbox.OPEN_STATES for message in live.messages.all())
        return "An email is queued already." if under_way else ""
    if bulk.verb in ("pause", "resume"):
        return "" if live and live.status == Status.ISSUED else bulk_jobs.NOTHING_TO_PAUSE
    if bulk.verb == "contact":
        return (
            ""
            if live is None or live.status in bulk_jobs.REMINDABLE
            else "Its agreement is no longer awaiting a signature."
        )
    if bulk.verb == "waive":
        return waive_skip_reason(paper, live)
    if bulk.verb in ("prepare", "issue"):
        if live and (bulk.verb == "prepare" or live.status != Status.DRAFT):
            return bulk_jobs.ALREADY_ISSUED
    elif live is None or bulk.verb not in allowed_transitions(live.status):
        return "It has no agreement that this action applies to."
    return "" if bulk.verb == "void" else not_ready_reason(bulk, paper)


def waive_skip_reason(paper: Paper, live: Agreement | None) -> str:
    """A paper without a live agreement can be waived too, for example after its author declined."""
    if paper.status == Paper.Status.WITHDRAWN:
        return "The paper is withdrawn."
    if live is None or "waive" in allowed_transitions(live.status):
        return ""
    return "It is waived already." if live.status == Status.WAIVED else "It is signed already, so it needs no waiver."


def not_ready_reason(bulk: BulkAction, paper: Paper) -> str:
    try:
        snapshot.take_snapshot(paper)
    except snapshot.NotReadyError as refusal:
        return str(refusal)
    has_settings = isinstance(getattr(paper.volume, "signing_settings", None), SigningSettings)
    return (
        ""
        if has_settings or bulk.verb == "prepare"
        else "The volume has no deadline. Set one in the volume’s settings."
    )


class BulkActions(ExportableList):
    """Adds the bulk actions of `bulk_verbs` to a list."""

    bulk_verbs: tuple[str, ...] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        offered.pop("delete_selected", None)
        for verb in self.bulk_verbs:
            bulk = BULK_ACTIONS[verb]
            if bulk.by_assistant or self.may_run_bulk_actions(request):
                offered[verb] = (self.action_for(bulk), verb, bulk.label)
        return offered

    def may_run_bulk_actions(self, request: HttpRequest) -> bool:
        return self.may_change(request, None)

    def action_for(self, bulk: BulkAction) -> Callable[[Any, HttpRequest, QuerySet[Any]], HttpResponse | None]:
        def run(_: Any, request: HttpRequest, rows: QuerySet[Any]) -> HttpResponse | None:
            return self.bulk_page(request, bulk, rows)

        return run

    def bulk_page(self, request: HttpRequest, bulk: BulkAction, rows: QuerySet[Any]) -> HttpResponse | None:
        chosen = list(rows[: MAX_ROWS + 1])
        if len(chosen) > MAX_ROWS:
            messages.error(
                request, f"You selected more than {MAX_ROWS}. Nothing was changed. Choose a volume or filter the list."
            )
            return None
        plan = self.check_selection(request, bulk, chosen)
        sent = "seen" in request.POST
        form = bulk.form(plan.eligible, request.POST if sent else None)
        if sent and request.POST["seen"] != plan.seen:
            messages.warning(
                request, "The selected papers have changed. Nothing was done. Check the page and confirm again."
            )
            form = bulk.form(plan.eligible)
        elif sent and plan.eligible and form.is_valid():
            return self.run_or_queue(request, bulk, plan, form)
        return self.render_page(request, bulk, plan, "bulk_action.html", form=form)

    def run_or_queue(self, request: HttpRequest, bulk: BulkAction, plan: Outcome, form: BulkActionForm) -> HttpResponse:
        """Apply the action to a few at once; for many, start a job per volume with a page of its progress."""
        pairs, now = form.selected(plan.eligible), timezone.now()
        if len(pairs) <= bulk_jobs.MAX_IN_REQUEST:
            return self.render_page(
                request, bulk, run_action(bulk, plan, form, by=actor(request)), "bulk_action_done.html"
            )
        pairs.sort(key=lambda pair: pair[0].volume_id)
        jobs = [
            bulk_jobs.create_job(
                volume,
                bulk.verb,
                of,
                reason=form.reason_given,
                data=form.data_of,
                user=request.user,
                by=actor(request),
                now=now,
            )
            for volume, of in groupby(pairs, key=lambda pair: pair[0].volume)
        ]
        single = jobs[0].pk if len(jobs) == 1 else None
        page = (
            reverse("admin:agreements_bulkjob_change", args=[single])
            if single
            else reverse("admin:agreements_bulkjob_changelist")
        )
        return HttpResponseRedirect(page)

    def check_selection(self, request: HttpRequest, bulk: BulkAction, chosen: Iterable[Any]) -> Outcome:
        """Show to whom the action applies, and who is skipped. Changes nothing."""
        plan = Outcome()
        editable = None if bulk.by_assistant else set(edited_volumes(request).values_list("pk", flat=True))
        for row in chosen:
            paper, agreement = self.pair(row)
            if editable is not None and paper.volume_id not in editable:
                why = "You are an assistant of this volume: you can read it and send reminders only."
            else:
                why = skip_reason(bulk, paper, agreement)
            if why:
                plan.skipped.append((paper, why))
            else:
                plan.eligible.append((paper, agreement))
        return plan

    def render_page(
        self, request: HttpRequest, bulk: BulkAction, outcome: Outcome, template: str, **more: Any
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            **more,
            "bulk": bulk,
            "other_licences": outcome.other_licences if bulk.verb in STATE_LICENCE else [],
            "granted": GRANTED,
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
    """Apply the action to each one separately, so that a skipped one does not stop the others."""
    done = Outcome(skipped=list(plan.skipped))
    for paper, agreement in form.selected(plan.eligible):
        data = form.data_of.get(paper.pk, {})
        why = bulk_jobs.apply_to_paper(
            bulk.verb, paper, agreement, reason=form.reason_given, data=data, by=by, now=timezone.now()
        )
        if why:
            done.skipped.append((paper, why))
        else:
            done.eligible.append((paper, agreement))
    return done
