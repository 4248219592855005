"""Two-factor login: codes of an authenticator app (RFC 6238), and recovery codes.

Each code works once: one UPDATE on the row's own columns marks it used, so of two requests with the same code only one
succeeds.
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
"""Steps of 30 seconds that an app's clock may be early or late."""
CODES = 10
ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without characters that look alike."""
SALT = "desk.authenticator.offer"
OFFER_LIFETIME = 3600


def authenticator_of(user: User) -> Authenticator | None:
    """The app that `user` has set up."""
    return Authenticator.objects.filter(user=user, confirmed=True).first()


def codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


# Setup: the page offers a secret; it is saved only after the user enters a code.


def offer(user: User) -> Authenticator:
    """A new authenticator, not saved yet."""
    return Authenticator(user=user, name="app", tolerance=DRIFT)


def as_text(authenticator: Authenticator) -> str:
    """The secret to type by hand, in groups of four."""
    secret = b32encode(authenticator.bin_key).decode()
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def as_picture(authenticator: Authenticator) -> SafeString:
    """The QR code as an SVG element; no style, no script."""
    drawn = segno.make(authenticator.config_url, error="m", micro=False)
    return mark_safe(drawn.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None))  # noqa: S308 - segno's own


def signed_offer(authenticator: Authenticator) -> str:
    """The offer for a hidden field, signed, bound to the user and expiring."""
    return signing.dumps([authenticator.user_id, authenticator.key], salt=SALT)


def offer_in(text: str, user: User) -> Authenticator | None:
    """The authenticator offered to `user`; None if the text is invalid or expired."""
    try:
        pk, key = signing.loads(text, salt=SALT, max_age=OFFER_LIFETIME)
    except signing.BadSignature:
        return None
    offered = offer(user)
    offered.key = key
    return offered if pk == user.pk else None


def set_up(offered: Authenticator, code: str, now: datetime) -> list[str]:
    """Saves `offered` in place of any other if `code` is its current code. Returns recovery codes, or nothing."""
    step = step_of(offered, normalize(code), now)
    if step is None:
        return []
    with transaction.atomic():
        remove(offered.user)
        offered.last_t = step
        offered.save()
        return renew_codes(offered.user)


def renew_codes(user: User) -> list[str]:
    """Replaces all recovery codes by ten new ones. They can be shown only now."""
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))  # 79 bits
        for _ in range(CODES)
    ]
    with transaction.atomic():
        user.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=digest_of(code)) for code in codes])
    return codes


def remove(user: User) -> None:
    """Deletes the authenticator and recovery codes of `user`, and ends their sessions."""
    Authenticator.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()


# Logging in.


def use_code(authenticator: Authenticator, code: str, now: datetime) -> bool:
    """Whether `code`, of the app or a recovery code, is valid. Marks it used."""
    typed = normalize(code)
    if len(typed) == authenticator.digits:
        step = step_of(authenticator, typed, now)
        if step is None:
            return False
        unused = Authenticator.objects.filter(pk=authenticator.pk, last_t__lt=step)
        return unused.update(last_t=step, last_used_at=now) == 1
    left = RecoveryCode.objects.filter(user=authenticator.user_id, digest=digest_of(typed), used_at=None)
    return left.update(used_at=now) == 1


def step_of(authenticator: Authenticator, code: str, now: datetime) -> int | None:
    """The 30-second step that `code` belongs to, at most `DRIFT` from `now`; else None."""
    if not (len(code) == authenticator.digits and code.isascii() and code.isdigit()):
        return None
    totp = TOTP(authenticator.bin_key, authenticator.step, authenticator.t0, authenticator.digits)
    totp.time = now.timestamp()
    return int(totp.t()) if totp.verify(int(code), tolerance=DRIFT, min_t=authenticator.last_t + 1) else None


def digest_of(code: str) -> str:
    """Unsalted, because the codes have 79 random bits."""
    return hashlib.sha256(normalize(code).encode()).hexdigest()


def normalize(code: str) -> str:
    """The code in lower case without spaces and hyphens."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def mark_verified(request: HttpRequest, authenticator: Authenticator) -> None:
    """Marks this session as verified. It ends when the authenticator is deleted."""
    django_otp.login(request, authenticator)
