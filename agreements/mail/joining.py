"""Find the unsent requests for signatures that another one to the same person may join as one combined email."""

from collections import defaultdict
from collections.abc import Iterable

from django.db.models import Q
from django.db.models.functions import Coalesce

from agreements.mail.kinds import SIGNATURE_REQUESTS
from agreements.models import Agreement, Message
from agreements.models.plain_address import rows_with_address
from proceedings.email_address import address_key

State = Message.State
Group = tuple[int, str]
"""What emails must have in common: the volume's key, and the key of the recipient's address."""


def group_of(agreement: Agreement, recipient: str) -> Group:
    return agreement.paper.volume_id, address_key(recipient)


def lock_unsent(groups: Iterable[Group]) -> defaultdict[Group, list[Message]]:
    """Lock the unsent requests and combined emails of each group until the transaction ends; the earliest comes first.

    Leaves out those that a worker is claiming, because they are about to be sent.
    """
    wanted = set(groups)
    volumes, addresses = {volume for volume, _ in wanted}, {address for _, address in wanted}
    emails = rows_with_address(Message.objects.all(), "recipient", *addresses).filter(
        Q(volume__in=volumes, kind=Message.Kind.TOGETHER)
        | Q(agreement__paper__volume__in=volumes, kind__in=SIGNATURE_REQUESTS, carrier__isnull=True),
        state=State.PENDING,
        closed=False,
        attempts=0,  # a retried email has its own waiting time
    )
    emails = emails.annotate(of_volume=Coalesce("volume", "agreement__paper__volume"))
    unsent: defaultdict[Group, list[Message]] = defaultdict(list)
    for email in emails.select_for_update(skip_locked=True, no_key=True, of=("self",)).order_by("due_at", "id"):
        unsent[email.of_volume, address_key(email.recipient)].append(email)
    return unsent
