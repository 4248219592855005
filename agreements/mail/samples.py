"""Samples of the mails that a volume may write in its own words. Reads no rows, writes none, makes no links."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage

from agreements.mail.compose import Composer
from agreements.mail.kinds import kind_of
from agreements.models import Agreement, EmailTemplate, Message
from proceedings.models import Paper, Volume

Kind = Message.Kind


def sample(volume: Volume, kind: Message.Kind, own: EmailTemplate | None, now: datetime) -> EmailMessage:
    """A mail as somebody of the volume would get it, with a link that opens nothing. Writes nothing."""
    slots = {Kind.LAST_CALL: "r1:T-1"}
    agreement = Agreement(
        paper=Paper(volume=volume, key="lovelace26"),
        reference=f"v{volume.number}-lovelace26-sample",
        title="A Sample Paper",
        authors=["Ada Lovelace", "Charles Babbage"],
        signer="Ada Lovelace",
        signer_email="ada@example.org",
    )
    row = Message(
        agreement=agreement,
        kind=kind,
        idempotency_key=slots.get(kind, "sample"),
        recipient="charles@example.org" if kind == Kind.UNSIGNED else "ada@example.org",
        message_id="<sample@example.org>",
    )
    return SampleComposer(row, own).compose(row, now)


class SampleComposer(Composer):
    """Letters that make no links and read no rows."""

    def __init__(self, message: Message, own: EmailTemplate | None) -> None:
        nowhere = f"{settings.PUBLIC_BASE_URL}/a-link-for-each-author/"
        self.links = {(message.pk, purpose): nowhere for purpose in kind_of(message).links}
        self.invitations, self.languages = {}, {}
        self.own = {(own.volume_id, own.kind): own} if own else {}
        self.forms = {}

    def name_of(self, message: Message) -> str:
        return "Charles Babbage" if message.kind == Kind.UNSIGNED else message.agreement.signer
