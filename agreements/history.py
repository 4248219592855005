"""Events -> words for people: on the desk and on the evidence page."""

from collections.abc import Callable, Iterable
from typing import Any

from agreements.facts import Happening
from agreements.models import Event, Message


def mail_in_words(kind: str) -> str:
    return str(Message.Kind(kind).label).lower()


WORDS: dict[str, Callable[[dict[str, Any]], str]] = {
    "draft": lambda data: f"prepared, replacing {data['predecessor']}" if data.get("predecessor") else "prepared",
    "issue": lambda data: f"issued to {data['signer']} <{data['signer_email']}>",
    "remind": lambda data: "asked for a reminder",
    "mailed": lambda data: f"{mail_in_words(data['kind'])} mailed to {data['to']}",
    "mail-unknown": lambda data: f"{mail_in_words(data['kind'])} to {data['to']} may or may not have arrived",
    "sign": lambda data: f"signed as “{data['typed_name']}”, having ticked consent and authority",
    "seal": lambda data: f"sealed, SHA-256 {data['sha256'][:16]}…",
    "decline": lambda data: f"declined: {data['reason']}" if data["reason"] else "declined without a reason",
    "void": lambda data: f"voided: {data['reason']}",
    "supersede": lambda data: f"replaced: {data['reason']}",
    "lapse": lambda data: "lapsed: not published within one year of the signature (clause 7)",
    "deliver": lambda data: f"delivered to the publisher, SHA-256 {data['sha256'][:16]}…",
}


def in_words(events: Iterable[Event]) -> list[Happening]:
    """Each event as a sentence, in the order given."""
    return [Happening(at=event.at, what=WORDS[event.kind](event.data), by=event.by) for event in events]
