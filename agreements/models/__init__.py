"""Who allowed it: texts, terms, agreements, their events, the mailed links and the outbox.

Rows only. Each is written by one room: Agreement and Event by `lifecycle`, Message by `mail`, Link by `links`, Package
by `packing`, Edit by `edits`, Correction by `corrections`, Flaw by `flaws`. Nothing here has a side effect. What must
hold whatever the code does is a constraint here or a trigger in a migration.
"""

from agreements.models.agreement import Agreement, AgreementQuerySet, Event, ShownCopy
from agreements.models.edits import Correction, Edit
from agreements.models.links import Link, LinkRequest
from agreements.models.outbox import Addressee, Message, Round
from agreements.models.packages import Package
from agreements.models.requests import Proposal, StandIn
from agreements.models.signed_forms import Scan
from agreements.models.staff import Flaw, Job, JobItem, Note
from agreements.models.terms import ANYWHERE_ON_EARTH, OwnWords, Person, Terms, default_offsets, known_zone, whole_days
from agreements.models.texts import AgreementText, SealCertificate

__all__ = [
    "ANYWHERE_ON_EARTH",
    "Addressee",
    "Agreement",
    "AgreementQuerySet",
    "AgreementText",
    "Correction",
    "Edit",
    "Event",
    "Flaw",
    "Job",
    "JobItem",
    "Link",
    "LinkRequest",
    "Message",
    "Note",
    "OwnWords",
    "Package",
    "Person",
    "Proposal",
    "Round",
    "Scan",
    "SealCertificate",
    "ShownCopy",
    "StandIn",
    "Terms",
    "default_offsets",
    "known_zone",
    "whole_days",
]
