"""Staff accounts, their time zones and login data."""

from zoneinfo import available_timezones

from django.contrib.auth.models import AbstractUser
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models.functions import Lower
from django.utils.crypto import salted_hmac
from django_otp.plugins.otp_totp.models import TOTPDevice

from proceedings.models.address_field import AddressField


def validate_time_zone(value: str) -> None:
    if value not in available_timezones():
        raise ValidationError(f"{value!r} is not a time zone. Enter an IANA name such as Europe/Paris.")


class User(AbstractUser):
    """A member of staff, who logs in to the admin."""

    email = AddressField("email address", blank=True)
    zone = models.CharField(
        "time zone",
        max_length=60,
        default="UTC",
        validators=[validate_time_zone],
        help_text="IANA name, such as Europe/Paris. We show times in this zone beside UTC.",
    )


class Authenticator(TOTPDevice):
    """An authenticator app for time-based codes. The row holds a seed; the codes also need `SECRET_KEY`."""

    class Meta:
        proxy = True

    @property
    def bin_key(self) -> bytes:
        """The secret shared with the app: 20 bytes, as RFC 4226 recommends (section 4, R6)."""
        return salted_hmac("desk.authenticator", self.key, algorithm="sha256").digest()[:20]


class RecoveryCode(models.Model):
    """Replaces one code of a lost app, once. Only its SHA-256 is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="recovery_codes")
    digest = models.CharField(max_length=64)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_unique")]

    def __str__(self) -> str:
        return f"recovery code of {self.user}"


class ResetRequest(models.Model):
    """A request for a new password. A scheduled job looks up the account, so response times reveal nothing."""

    email = models.EmailField()
    asked_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="one_reset_at_a_time")]

    def __str__(self) -> str:
        return f"password reset requested at {self.asked_at}"
