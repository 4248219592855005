"""Immutable rows: agreement texts and seal certificates."""

from django.db import models


class AgreementText(models.Model):
    """One version of the agreement text. Never changed: a changed text is a new version."""

    version = models.SlugField(max_length=40, unique=True)
    body = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the body in UTF-8.")

    class Meta:
        ordering = ["version"]

    def __str__(self) -> str:
        return self.version


class SealCertificate(models.Model):
    """A certificate that has sealed. Never deleted, so that old seals are recognized after the key is replaced."""

    fingerprint = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the certificate.")
    pem = models.TextField()
    first_used_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.fingerprint
