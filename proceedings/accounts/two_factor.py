"""The second step of a login: codes of an authenticator app (RFC 6238), and recovery codes for the day it is lost.

Each code opens the desk once: what has been used is noted by one UPDATE on the row's own columns, so of two who send
the same code one comes in.
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
"""Nothing that looks like something else."""
SALT = "desk.authenticator.offer"
OFFER_LASTS = 3600


def authenticator_of(user: User) -> Authenticator | None:
    """The app that `user` has set up."""
    return Authenticator.objects.filter(user=user, confirmed=True).first()


def codes_left(user: User) -> int:
    return user.recovery_codes.filter(used_at=None).count()


# Setting up: the page offers a secret, and nothing is written before somebody proves to have it.


def offer(user: User) -> Authenticator:
    """An authenticator that is not kept yet."""
    return Authenticator(user=user, name="app", tolerance=DRIFT)


def as_text(authenticator: Authenticator) -> str:
    """The secret to type where no camera is, in groups of four."""
    secret = b32encode(authenticator.bin_key).decode()
    return " ".join(secret[at : at + 4] for at in range(0, len(secret), 4))


def as_picture(authenticator: Authenticator) -> SafeString:
    """The QR code as an SVG element; no style, no script."""
    drawn = segno.make(authenticator.config_url, error="m", micro=False)
    return mark_safe(drawn.svg_inline(border=4, omitsize=True, svgclass=None, lineclass=None))  # noqa: S308 - segno's own


def signed_offer(authenticator: Authenticator) -> str:
    """The offer for a hidden field: nobody can make one up, take another's or keep it for long."""
    return signing.dumps([authenticator.user_id, authenticator.key], salt=SALT)


def offer_in(text: str, user: User) -> Authenticator | None:
    """The offer that was made to `user`; None if this is none, or an old one."""
    try:
        pk, key = signing.loads(text, salt=SALT, max_age=OFFER_LASTS)
    except signing.BadSignature:
        return None
    made = offer(user)
    made.key = key
    return made if pk == user.pk else None


def set_up(offered: Authenticator, code: str, now: datetime) -> list[str]:
    """Takes `offered` into use in place of any other, if `code` is its code now. Returns recovery codes, or nothing."""
    step = step_of(offered, plain(code), now)
    if step is None:
        return []
    with transaction.atomic():
        forget(offered.user)
        offered.last_t = step
        offered.save()
        return renew_codes(offered.user)


def renew_codes(user: User) -> list[str]:
    """Ten recovery codes that replace all earlier ones. They are shown now and never again."""
    codes = [
        "-".join("".join(secrets.choice(ALPHABET) for _ in range(4)) for _ in range(4))  # 79 bits
        for _ in range(CODES)
    ]
    with transaction.atomic():
        user.recovery_codes.all().delete()
        RecoveryCode.objects.bulk_create([RecoveryCode(user=user, digest=digest_of(code)) for code in codes])
    return codes


def forget(user: User) -> None:
    """No app and no recovery code of `user` opens anything any more; sessions that they opened end."""
    Authenticator.objects.filter(user=user).delete()
    user.recovery_codes.all().delete()


# Logging in.


def accepts(authenticator: Authenticator, code: str, now: datetime) -> bool:
    """Whether `code`, of the app or a recovery code, opens the desk. Once: then it is used."""
    typed = plain(code)
    if len(typed) == authenticator.digits:
        step = step_of(authenticator, typed, now)
        if step is None:
            return False
        unused = Authenticator.objects.filter(pk=authenticator.pk, last_t__lt=step)
        return unused.update(last_t=step, last_used_at=now) == 1
    left = RecoveryCode.objects.filter(user=authenticator.user_id, digest=digest_of(typed), used_at=None)
    return left.update(used_at=now) == 1


def step_of(authenticator: Authenticator, code: str, now: datetime) -> int | None:
    """The number of the 30 seconds that `code` belongs to, no more than `DRIFT` from `now`; None if to none."""
    if not (len(code) == authenticator.digits and code.isascii() and code.isdigit()):
        return None
    clock = TOTP(authenticator.bin_key, authenticator.step, authenticator.t0, authenticator.digits)
    clock.time = now.timestamp()
    return int(clock.t()) if clock.verify(int(code), tolerance=DRIFT, min_t=authenticator.last_t + 1) else None


def digest_of(code: str) -> str:
    """Unsalted: 79 random bits are nobody's password."""
    return hashlib.sha256(plain(code).encode()).hexdigest()


def plain(code: str) -> str:
    """What is typed, without the blanks and hyphens that are there for the eye."""
    return "".join(sign for sign in code.lower() if sign.isalnum())


def note(request: HttpRequest, authenticator: Authenticator) -> None:
    """This session has taken the second step; it is over once the authenticator is gone."""
    django_otp.login(request, authenticator)
