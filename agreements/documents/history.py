"""Describe events as sentences, for the admin and the evidence page."""

from collections.abc import Callable, Iterable
from typing import Any

from agreements.documents.checklist import LACKING
from agreements.domain.facts import HistoryLine
from agreements.models import Agreement, Event, Message


def mail_in_words(kind: str) -> str:
    return str(Message.Kind(kind).label).lower()


def prepared(data: dict[str, Any]) -> str:
    """Describe how an agreement began, with all earlier signers."""
    replacing = f", replacing {data['predecessor']}" if data.get("predecessor") else ""
    hands = f"; before in the hands of {', then '.join(data['hands'])}" if data.get("hands") else ""
    return f"prepared{replacing}{hands}"


def delivered(data: dict[str, Any]) -> str:
    """Describe what the publisher got: the sealed file, or a waiver."""
    sealed = data["sha256"]
    return f"delivered to the publisher, SHA-256 {sealed[:16]}…" if sealed else "paper delivered under this waiver"


def signed(data: dict[str, Any]) -> str:
    by_hand = " and with a signature drawn by hand" if data.get("drawn") else ""
    return f"signed as “{data['typed_name']}”{by_hand}, having ticked consent and authority"


def drawn(agreement: Agreement) -> str:
    """Return the hand-drawn signature in the text form of `domain.drawn_signature`; empty if there is none."""
    return str(agreement.events.get(kind="sign").data.get("drawn", ""))


def said(data: dict[str, Any]) -> str:
    """The text that came with an event, in quotes; empty if there is none."""
    return f" (“{data['words']}”)" if data["words"] else ""


def edited(data: dict[str, Any]) -> str:
    kind = "a substantive edit, which the author is asked about (clause 5)" if data["substantive"] else "an edit"
    return f"noted {kind}: {data['what']}"


def approved(data: dict[str, Any]) -> str:
    permission = f" (permission of {data['permitted_by']})" if data["permitted_by"] else ""
    return f"approved the correction: {data['what']}{permission}"


def lacking(data: dict[str, Any]) -> list[str]:
    """What was missing on a signed form."""
    return [LACKING[each] for each in data["missing"]] + [data["note"]] * bool(data["note"])


def count(number: int, thing: str) -> str:
    return f"{number} {thing}" if number == 1 else f"{number} {thing}s"


EVENT_LABELS: dict[str, Callable[[dict[str, Any]], str]] = {
    "draft": prepared,
    "issue": lambda data: f"issued to {data['signer']} <{data['signer_email']}>",
    "remind": lambda data: "asked for a reminder",
    "pause": lambda data: f"paused reminders until {data['until'][:10]}" if data["until"] else "paused reminders",
    "resume": lambda data: "resumed reminders",
    "mailed": lambda data: f"{mail_in_words(data['kind'])} mailed to {data['to']}",
    "mail-unknown": lambda data: f"{mail_in_words(data['kind'])} to {data['to']} may or may not have arrived",
    "reviewed": lambda data: "looked over the filled-in form, having ticked consent and authority",
    "address-refused": lambda data: f"the address {data['to']} was refused for good: {data['words']}",
    "bounced": lambda data: f"mail to {data['to']} came back: {data['words']}",
    "stop-reminders": lambda data: "asked for no more reminders",
    "sign": signed,
    "receive": lambda data: f"sent the form signed by hand: {count(data['pages'], 'page')}",
    "receive-again": lambda data: f"sent a better form signed by hand: {count(data['pages'], 'page')}",
    "accept": lambda data: (
        f"accepted the form signed by hand as {data['name']}’s, dated “{data['date_written']}”, read as {data['dated']}"
    ),
    "send-back": lambda data: f"sent the form back, without {'; '.join(lacking(data))}",
    "seal": lambda data: f"sealed, SHA-256 {data['sha256'][:16]}…",
    "damaged": lambda data: f"the sealed file was read again: {data['words']}",
    "hand-over": lambda data: f"handed over to {data['to']}",
    "propose": lambda data: f"proposed: {'; '.join(data['what'])}",
    "refuse": lambda data: f"refused the proposal: {data['reason']}",
    "decline": lambda data: f"declined: {data['reason']}" if data["reason"] else "declined without a reason",
    "object": lambda data: f"{data['who']} objects: {data['reason']}",
    "waive": lambda data: f"waived: {data['reason']}",
    "void": lambda data: f"voided: {data['reason']}",
    "supersede": lambda data: f"replaced: {data['reason']}",
    "lapse": lambda data: "lapsed: not published within one year of the signature (clause 7)",
    "edit": edited,
    "edit-confirmed": lambda data: f"confirmed the edit: {data['what']}{said(data)}",
    "edit-declined": lambda data: f"declined the edit: {data['what']}{said(data)}",
    "edit-undone": lambda data: f"undid the edit: {data['what']}{said(data)}",
    "correction": lambda data: f"{data['who']} asked for a correction: {data['what']}",
    "correction-approved": approved,
    "correction-refused": lambda data: f"refused the correction: {data['what']}{said(data)}",
    "correction-applied": lambda data: f"noted that the correction is published: {data['what']}",
    "deliver": delivered,
}


def history_lines(events: Iterable[Event]) -> list[HistoryLine]:
    """Describe each event in one sentence, in the given order."""
    return [HistoryLine(at=event.at, what=EVENT_LABELS[event.kind](event.data), by=event.by) for event in events]


def objections(agreement: Agreement) -> list[dict[str, str]]:
    """Return who of the co-authors objected, and why, in order."""
    return list(agreement.events.filter(kind="object").order_by("number").values_list("data", flat=True))
