"""Two-factor login: codes of an authenticator app (RFC 6238), and recovery codes if it is lost.

Each code works once. One UPDATE with conditions on the row's own columns marks it as used, so of two simultaneous
requests with one code only one succeeds.
"""

import hashlib
import secrets
from base64 import b32encode
from datetime import datetime

import django_otp
import segno
from django.core import signing
from django.db import transaction
from django.http import HttpRequest
from django.utils.safestring import SafeString, mark_safe
from django_otp.oath import TOTP

from proceedings.models import Authenticator, RecoveryCode, User

DRIFT = 1
"""How many 30-second steps the app's clock may differ."""
RECOVERY_CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without characters that are easily confused."""
SALT = "desk.authenticator.offer"
OFFER_LIFETIME = 3600


def authenticator_of(user: User) -> Authenticator | None:
    """Returns the app that `user` has set up, or None."""
    return Authenticator.objects.filter(user=user, confirmed=True).first()


def codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


# Setup: the page shows a secret, and nothing is stored until the user proves to have it.


def new_offer(user: User) -> Authenticator:
    """Returns an authenticator that is not stored yet."""
    return Authenticator(user=user, name="app", tolerance=DRIFT)


def secret_text(authenticator: Authenticator) -> str:
    """Returns the secret for typing, in groups of four."""
    secret = b32encode(authenticator.bin_key).decode()
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def qr_code(authenticator: Authenticator) -> SafeString:
    """Returns the QR code as an SVG element without style or script."""
    drawn = segno.make(authenticator.config_url, error="m", micro=False)
    return mark_safe(drawn.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None))  # noqa: S308 - produced by segno


def sign_offer(authenticator: Authenticator) -> str:
    """Returns the offer signed, for a hidden field. It cannot be forged, used by another user or used after an hour."""
    return signing.dumps([authenticator.user_id, authenticator.key], salt=SALT)


def read_offer(text: str, user: User) -> Authenticator | None:
    """Returns the offer that was made to `user`, or None if it is invalid or expired."""
    try:
        pk, key = signing.loads(text, salt=SALT, max_age=OFFER_LIFETIME)
    except signing.BadSignature:
        return None
    offered = new_offer(user)
    offered.key = key
    return offered if pk == user.pk else None


def activate(offered: Authenticator, code: str, now: datetime) -> list[str]:
    """Stores `offered` in place of any other app if `code` is correct now. Returns the recovery codes; empty if it is
    wrong.
    """
    step = matching_step(offered, normalize_code(code), now)
    if step is None:
        return []
    with transaction.atomic():
        remove(offered.user)
        offered.last_t = step
        offered.save()
        return renew_codes(offered.user)


def renew_codes(user: User) -> list[str]:
    """Replaces all recovery codes by ten new ones and returns them. They cannot be shown again."""
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))  # 79 bits
        for _ in range(RECOVERY_CODES)
    ]
    with transaction.atomic():
        user.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=code_digest(code)) for code in codes])
    return codes


def remove(user: User) -> None:
    """Deletes the app and the recovery codes of `user`. Sessions that used them end."""
    Authenticator.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()


# Login.


def accept_code(authenticator: Authenticator, code: str, now: datetime) -> bool:
    """Whether `code` is a valid code of the app or an unused recovery code. Marks it as used."""
    typed = normalize_code(code)
    if len(typed) == authenticator.digits:
        step = matching_step(authenticator, typed, now)
        if step is None:
            return False
        unused = Authenticator.objects.filter(pk=authenticator.pk, last_t__lt=step)
        return unused.update(last_t=step, last_used_at=now) == 1
    left = RecoveryCode.objects.filter(user=authenticator.user_id, digest=code_digest(typed), used_at=None)
    return left.update(used_at=now) == 1


def matching_step(authenticator: Authenticator, code: str, now: datetime) -> int | None:
    """Returns the number of the 30-second step of `code`, at most `DRIFT` from `now`; None if there is none."""
    if not (len(code) == authenticator.digits and code.isascii() and code.isdigit()):
        return None
    totp = TOTP(authenticator.bin_key, authenticator.step, authenticator.t0, authenticator.digits)
    totp.time = now.timestamp()
    return int(totp.t()) if totp.verify(int(code), tolerance=DRIFT, min_t=authenticator.last_t + 1) else None


def code_digest(code: str) -> str:
    """SHA-256 without a salt: a code has 79 random bits."""
    return hashlib.sha256(normalize_code(code).encode()).hexdigest()


def normalize_code(code: str) -> str:
    """Removes blanks and hyphens from a typed code."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def mark_verified(request: HttpRequest, authenticator: Authenticator) -> None:
    """Marks this session as verified. It ends when the authenticator is deleted."""
    django_otp.login(request, authenticator)
