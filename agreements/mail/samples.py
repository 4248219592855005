"""Sample emails for previewing a volume's own texts. Reads and writes no rows, creates no links."""

from datetime import datetime

from django.conf import settings
from django.core.mail import EmailMessage

from agreements.mail.compose import Composer
from agreements.models import Agreement, EmailTemplate, Link, Message
from proceedings.models import Paper, Volume

Kind = Message.Kind


def compose_sample(volume: Volume, kind: Message.Kind, template: EmailTemplate | None, now: datetime) -> EmailMessage:
    """Compose an email as an author of the volume would get it, with a link that does not work."""
    keys = {Kind.LAST_CALL: "r1:T-1"}
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
        idempotency_key=keys.get(kind, "sample"),
        recipient="charles@example.org" if kind == Kind.UNSIGNED else "ada@example.org",
        message_id="<sample@example.org>",
    )
    return SampleComposer(row, template).compose(row, now)


class SampleComposer(Composer):
    """A Composer that reads no rows and creates no links."""

    def __init__(self, message: Message, template: EmailTemplate | None) -> None:
        url = f"{settings.PUBLIC_BASE_URL}/a-link-for-each-author/"
        self.links = {(message.pk, purpose): url for purpose in (Link.Purpose.SIGN, Link.Purpose.STOP)}
        if message.kind == Kind.UNSIGNED:
            self.links = {}
        self.invitations, self.languages = {}, {}
        self.email_templates = {(template.volume_id, template.kind): template} if template else {}
        self.batch_templates = {}

    def recipient_name(self, message: Message) -> str:
        return "Charles Babbage" if message.kind == Kind.UNSIGNED else message.agreement.signer
