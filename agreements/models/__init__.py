"""The tables: agreement texts, signing settings, agreements, their events, mailed links and the outbox.

Rows only, without side effects. Each model has one writer: Agreement and Event `lifecycle/`, Message `mail/outbox.py`,
EmailAddress `mail/addresses.py`, Link `mail/links.py`, Package `jobs/package_builder.py`, Edit `requests/edits.py`,
Correction `requests/corrections.py`, CheckResult `dashboard/precheck.py`. Rules that must hold for every writer are
constraints here or triggers in a migration.
"""

from agreements.models.agreement import Agreement, AgreementQuerySet, Event, ShownForm
from agreements.models.edits import Correction, Edit
from agreements.models.links import Link, LinkRequest
from agreements.models.outbox import EmailAddress, JobRun, Message
from agreements.models.packages import Package
from agreements.models.requests import ChangeRequest, NonAuthorSigner
from agreements.models.signed_forms import SignedForm
from agreements.models.signing_settings import (
    ANYWHERE_ON_EARTH,
    EmailTemplate,
    RecipientSettings,
    SigningSettings,
    default_offsets,
    known_zone,
    whole_days,
)
from agreements.models.staff import BulkJob, BulkJobItem, CheckResult, Note, VolumeCheckResult
from agreements.models.texts import AgreementText, SealCertificate

__all__ = [
    "ANYWHERE_ON_EARTH",
    "Agreement",
    "AgreementQuerySet",
    "AgreementText",
    "BulkJob",
    "BulkJobItem",
    "ChangeRequest",
    "CheckResult",
    "Correction",
    "Edit",
    "EmailAddress",
    "EmailTemplate",
    "Event",
    "JobRun",
    "Link",
    "LinkRequest",
    "Message",
    "NonAuthorSigner",
    "Note",
    "Package",
    "RecipientSettings",
    "SealCertificate",
    "ShownForm",
    "SignedForm",
    "SigningSettings",
    "VolumeCheckResult",
    "default_offsets",
    "known_zone",
    "whole_days",
]
