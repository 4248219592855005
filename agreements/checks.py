"""System checks: settings and files that must be right before the site collects signatures."""

from typing import Any
from urllib.parse import urlparse

from django.conf import settings
from django.core import checks
from django.core.checks import CheckMessage, Error, Tags, register
from django.utils import timezone

from agreements.documents import pdf, seal
from agreements.domain import agreement_text
from agreements.models import search
from proceedings.models.search import index_warnings


@register
def check_agreement_texts(**kwargs: Any) -> list[CheckMessage]:
    return [Error(finding, id="agreements.E001") for finding in agreement_text.check_all()]


@register(Tags.security, deploy=True)
def check_seal(**kwargs: Any) -> list[CheckMessage]:
    """Web processes need no access to the key; the machine of the worker does."""
    missing: list[CheckMessage] = [
        Error(
            f"{name} is set to {file}, but that file does not exist.",
            hint="Create a key and its certificate with `manage.py seal_key new`.",
            id="agreements.E002",
        )
        for name, file in (("SEAL_KEY", settings.SEAL_KEY), ("SEAL_CERT", settings.SEAL_CERT))
        if not file.is_file()
    ]
    now = timezone.now()
    try:
        trust = seal.TrustMaterial.load(settings.TSA_URL, settings.SEAL_ROOTS, settings.SEAL_CRLS)
    except seal.SealError as error:
        return [*missing, Error(str(error), hint="See SEAL_ROOTS and SEAL_CRLS.", id="agreements.E005")]
    found: list[CheckMessage] = [Error(finding, id="agreements.E005") for finding in trust.check(now)]
    if not missing:
        problems = seal.check_key(settings.SEAL_KEY, settings.SEAL_CERT, now, trust.roots)
        found += [Error(finding, id="agreements.E003") for finding in problems] or check_seal_stamp()
    return missing + found


def check_seal_stamp() -> list[CheckMessage]:
    owner = seal.SealKey.load(settings.SEAL_KEY, settings.SEAL_CERT).owner
    if not pdf.fits_the_stamp(owner, settings.SEAL_OFFICER):
        message = "The names of the seal's owner and of SEAL_OFFICER are too long for the stamp. Sealing would fail."
        return [Error(message, hint="Shorten SEAL_OFFICER, or create a key with a shorter name.", id="agreements.E006")]
    if not settings.SEAL_OFFICER:
        message = "SEAL_OFFICER is not set, so seals show no name of an officer."
        return [
            checks.Warning(
                message, hint="Set it to the person who signs for the publisher (clause 5).", id="agreements.W003"
            )
        ]
    return []


@register(Tags.security, deploy=True)
def check_public_url(**kwargs: Any) -> list[CheckMessage]:
    host = urlparse(settings.PUBLIC_BASE_URL).hostname
    if host in settings.ALLOWED_HOSTS or any(
        pattern.startswith(".") and f".{host}".endswith(pattern) for pattern in settings.ALLOWED_HOSTS
    ):
        return []
    return [
        Error(
            f"Links in emails lead to {host}, which is not in ALLOWED_HOSTS.",
            hint="Add it to ALLOWED_HOSTS, or correct PUBLIC_BASE_URL.",
            id="agreements.E004",
        )
    ]


@register(Tags.security, deploy=True)
def check_email_backend(**kwargs: Any) -> list[CheckMessage]:
    if settings.EMAIL_BACKEND.endswith("smtp.EmailBackend"):
        return []
    return [
        checks.Warning("EMAIL_URL does not send email.", hint="Set it to smtp:// or smtps://.", id="agreements.W001")
    ]


@register(Tags.database)
def check_search_indexes(databases: Any = None, **kwargs: Any) -> list[CheckMessage]:
    return index_warnings(search.INDEXES, "agreements.W002") if databases else []
