"""Describe events as sentences, for the admin and the evidence page."""

from collections.abc import Callable, Iterable
from typing import Any

from agreements.documents.checklist import MISSING_LABELS
from agreements.domain.facts import HistoryLine
from agreements.models import Agreement, Event, Message


def describe_email(kind: str) -> str:
    return str(Message.Kind(kind).label).lower()


def describe_draft(data: dict[str, Any]) -> str:
    """Describe how an agreement began, with all earlier signers."""
    replacing = f", replacing {data['predecessor']}" if data.get("predecessor") else ""
    hands = f"; earlier signers: {', then '.join(data['hands'])}" if data.get("hands") else ""
    return f"prepared{replacing}{hands}"


def describe_delivery(data: dict[str, Any]) -> str:
    """Describe what the publisher got: the sealed file, or a waiver."""
    sealed = data["sha256"]
    return f"delivered to the publisher, SHA-256 {sealed[:16]}…" if sealed else "paper delivered with this waiver"


def describe_signature(data: dict[str, Any]) -> str:
    by_hand = " and with a drawn signature" if data.get("drawn") else ""
    return f"signed as “{data['typed_name']}”{by_hand}, with consent and authority ticked"


def drawn_signature_of(agreement: Agreement) -> str:
    """Return the hand-drawn signature in the text form of `domain.drawn_signature`; empty if there is none."""
    return str(agreement.events.get(kind="sign").data.get("drawn", ""))


def quote_text(data: dict[str, Any]) -> str:
    """The text that came with an event, in quotes; empty if there is none."""
    return f" (“{data['words']}”)" if data["words"] else ""


def describe_edit(data: dict[str, Any]) -> str:
    kind = "a substantive edit, which the author must confirm (clause 5)" if data["substantive"] else "an edit"
    return f"recorded {kind}: {data['what']}"


def describe_approval(data: dict[str, Any]) -> str:
    permission = f" (permission of {data['permitted_by']})" if data["permitted_by"] else ""
    return f"approved the correction: {data['what']}{permission}"


def missing_items(data: dict[str, Any]) -> list[str]:
    """What was missing on a signed form."""
    return [MISSING_LABELS[each] for each in data["missing"]] + [data["note"]] * bool(data["note"])


def format_count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


EVENT_LABELS: dict[str, Callable[[dict[str, Any]], str]] = {
    "draft": describe_draft,
    "issue": lambda data: f"issued to {data['signer']} <{data['signer_email']}>",
    "remind": lambda data: "requested a reminder",
    "pause": lambda data: f"paused reminders until {data['until'][:10]}" if data["until"] else "paused reminders",
    "resume": lambda data: "resumed reminders",
    "mailed": lambda data: f"{describe_email(data['kind'])} emailed to {data['to']}",
    "mail-unknown": lambda data: f"{describe_email(data['kind'])} to {data['to']}: delivery unknown",
    "reviewed": lambda data: "reviewed the filled-in form, with consent and authority ticked",
    "address-refused": lambda data: f"the address {data['to']} is undeliverable: {data['words']}",
    "bounced": lambda data: f"email to {data['to']} bounced: {data['words']}",
    "stop-reminders": lambda data: "opted out of reminders",
    "sign": describe_signature,
    "receive": lambda data: f"sent the signed form: {format_count(data['pages'], 'page')}",
    "receive-again": lambda data: f"sent the signed form again: {format_count(data['pages'], 'page')}",
    "accept": lambda data: (
        f"accepted the signed form as {data['name']}’s, dated “{data['date_written']}”, read as {data['dated']}"
    ),
    "send-back": lambda data: f"sent the signed form back, missing: {'; '.join(missing_items(data))}",
    "seal": lambda data: f"sealed, SHA-256 {data['sha256'][:16]}…",
    "damaged": lambda data: f"the sealed file failed a check: {data['words']}",
    "hand-over": lambda data: f"delegated signing to {data['to']}",
    "propose": lambda data: f"requested a change: {'; '.join(data['what'])}",
    "refuse": lambda data: f"rejected the change request: {data['reason']}",
    "decline": lambda data: f"declined: {data['reason']}" if data["reason"] else "declined without a reason",
    "object": lambda data: f"{data['who']} objects: {data['reason']}",
    "waive": lambda data: f"waived: {data['reason']}",
    "void": lambda data: f"voided: {data['reason']}",
    "supersede": lambda data: f"replaced: {data['reason']}",
    "lapse": lambda data: "lapsed: not published within one year of the signature (clause 7)",
    "edit": describe_edit,
    "edit-confirmed": lambda data: f"confirmed the edit: {data['what']}{quote_text(data)}",
    "edit-declined": lambda data: f"declined the edit: {data['what']}{quote_text(data)}",
    "edit-undone": lambda data: f"undid the edit: {data['what']}{quote_text(data)}",
    "correction": lambda data: f"{data['who']} requested a correction: {data['what']}",
    "correction-approved": describe_approval,
    "correction-refused": lambda data: f"rejected the correction: {data['what']}{quote_text(data)}",
    "correction-applied": lambda data: f"recorded that the correction is published: {data['what']}",
    "deliver": describe_delivery,
}


def history_lines(events: Iterable[Event]) -> list[HistoryLine]:
    """Describe each event in one sentence, in the given order."""
    return [HistoryLine(at=event.at, what=EVENT_LABELS[event.kind](event.data), by=event.by) for event in events]


def list_objections(agreement: Agreement) -> list[dict[str, str]]:
    """Return who of the co-authors objected, and why, in order."""
    return list(agreement.events.filter(kind="object").order_by("number").values_list("data", flat=True))
