"""Settings from the environment only; `.env.example` lists every variable. A wrong value stops the start."""

import os
from pathlib import Path
from typing import Any

from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from proceedings import env
from proceedings.web import languages

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"

read = env.Env(os.environ)


def dev_only(value: str) -> str | None:
    """Returns `value` as the default in development. In production there is no default."""
    return value if DEBUG else None


DEBUG = read.flag("DEBUG")
DEMO = read.flag("DEMO")
TWO_STEP_LOGIN = read.flag("TWO_STEP_LOGIN", default=not DEBUG)
"""Whether staff need a code from an authenticator app. A system check requires it in production."""
SECRET_KEY = read.text(
    "SECRET_KEY", dev_only("for-development-only"), why="A long random text; it signs sessions and forms."
)
if not DEBUG and SECRET_KEY and len(SECRET_KEY) < 50:
    read.problems.append(f"SECRET_KEY has {len(SECRET_KEY)} characters. Use at least 50 random ones.")
if DEMO and not DEBUG:
    read.problems.append("DEMO shows every mail to everyone. It needs DEBUG=1 and is never for production.")

base_url = read.url(
    "PUBLIC_BASE_URL",
    dev_only("http://127.0.0.1:8000"),
    {"https", "http"} if DEBUG else {"https"},
    why="The address that mailed links start with, such as https://desk.example.org.",
)
if base_url.scheme and not base_url.hostname:
    read.problems.append("PUBLIC_BASE_URL names no host. Give one such as https://desk.example.org.")
PUBLIC_BASE_URL = base_url.geturl().rstrip("/")
ALLOWED_HOSTS = read.comma_list(
    "ALLOWED_HOSTS", dev_only("127.0.0.1,localhost"), why="The host names this site answers to, separated by commas."
)
if "*" in ALLOWED_HOSTS:
    read.problems.append("ALLOWED_HOSTS is '*'. Name the hosts, or mailed links could be forged.")

ROOT_URLCONF = "proceedings.urls"
WSGI_APPLICATION = "proceedings.wsgi.application"
AUTH_USER_MODEL = "proceedings.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django_otp",
    "django_otp.plugins.otp_totp",  # before proceedings, which unregisters its admin page because it shows secrets
    "proceedings",
    "agreements",
    "proceedings.apps.EditorialAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "csp",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "proceedings.web.languages.LanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

# --- database, files, email, jobs

if not read.source.get("DATABASE_URL"):
    VAR_DIR.mkdir(exist_ok=True)
DATABASES = {
    "default": env.database(
        read.url("DATABASE_URL", f"sqlite:///{VAR_DIR / 'desk.sqlite3'}", {"sqlite", "postgres", "postgresql"})
    )
}

S3_BUCKET = read.text("S3_BUCKET", "")
PRIVATE_STORAGE: dict[str, Any] = {
    "BACKEND": "django.core.files.storage.FileSystemStorage",
    "OPTIONS": {
        "location": read.text("PRIVATE_DIR", str(VAR_DIR / "private")),
        "base_url": None,
        "file_permissions_mode": 0o600,
    },
}
if S3_BUCKET:
    PRIVATE_STORAGE = {
        "BACKEND": "storages.backends.s3.S3Storage",
        "OPTIONS": {
            "bucket_name": S3_BUCKET,
            "endpoint_url": read.text("S3_ENDPOINT_URL", "") or None,
            "region_name": read.text("S3_REGION", "") or None,
            "access_key": read.text("S3_ACCESS_KEY", why="S3_BUCKET is set, so the bucket's access key is needed."),
            "secret_key": read.text("S3_SECRET_KEY", why="S3_BUCKET is set, so the bucket's secret key is needed."),
            "default_acl": None,
            "file_overwrite": False,
            "signature_version": "s3v4",
            "querystring_expire": 300,
        },
    }
STORAGES = {
    "default": PRIVATE_STORAGE,
    "private": PRIVATE_STORAGE,
    "staticfiles": {
        "BACKEND": (
            "django.contrib.staticfiles.storage.StaticFilesStorage"
            if DEBUG
            else "whitenoise.storage.CompressedManifestStaticFilesStorage"
        )
    },
}
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
WHITENOISE_USE_FINDERS = DEBUG

EMAIL_URL = read.url(
    "EMAIL_URL",
    dev_only(f"file://{VAR_DIR / 'mail'}"),
    {"smtp", "smtps", "file", "console", "anymail"},
    why="Where mail goes: smtp://user:password@host:port?starttls, smtps://…, file:///directory, console: or anymail://…",
)
globals().update(env.email(EMAIL_URL))
if EMAIL_URL.scheme == "anymail":  # optional dependency; the provider posts its reports to /anymail/
    INSTALLED_APPS.append("anymail")
    ANYMAIL = {name.removeprefix("ANYMAIL_"): text for name, text in os.environ.items() if name.startswith("ANYMAIL_")}
EMAIL_SMTPUTF8 = read.flag("EMAIL_SMTPUTF8")
DEFAULT_FROM_EMAIL = read.address(
    "DEFAULT_FROM_EMAIL", dev_only("desk@proceedings.example"), why="The address that mail comes from."
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
BOUNCE_ADDRESS = read.address("BOUNCE_ADDRESS", "")
PULL_REQUEST_AUTHOR = read.address("PULL_REQUEST_AUTHOR", "")
BOUNCE_MAILBOX = read.url("BOUNCE_MAILBOX", "", {"imaps", "imap"})
if BOUNCE_MAILBOX.scheme and not (BOUNCE_MAILBOX.hostname and BOUNCE_MAILBOX.username and BOUNCE_MAILBOX.password):
    read.problems.append("BOUNCE_MAILBOX lacks host, user or password. Give imaps://user:password@host/INBOX.")

SOFT_BOUNCES = read.number("SOFT_BOUNCES", 3)
"""Soft bounces of one author's emails after which the next one means that emails are not arriving."""
SOFT_BOUNCE_DAYS = read.number("SOFT_BOUNCE_DAYS", 5)
"""Days of soft bounces after which they mean it as well (RFC 5321, 4.5.4.1: four to five days)."""

# --- uploads

VIRUS_SCANNER = read.text("VIRUS_SCANNER", "")
UPLOADS_PER_VOLUME = read.number("UPLOADS_PER_VOLUME", 10_000) * 1_000_000

REDIS_URL = read.url("REDIS_URL", "", {"redis", "rediss"}).geturl()

# --- seal

SEAL_KEY = Path(
    read.text("SEAL_KEY", dev_only(str(VAR_DIR / "seal" / "key.pem")), why="File with the key that seals agreements.")
)
SEAL_CERT = Path(
    read.text("SEAL_CERT", dev_only(str(VAR_DIR / "seal" / "cert.pem")), why="File with the certificate of SEAL_KEY.")
)
TSA_URL = read.url("TSA_URL", "", {"http", "https"}).geturl()
roots = read.text(
    "SEAL_ROOTS", None if TSA_URL else "", why="TSA_URL is set, so the file with the authority's root is needed."
)
lists = read.text("SEAL_CRLS", "")
if lists and not TSA_URL:
    read.problems.append("SEAL_CRLS is set without TSA_URL. Revocation lists prove something only with a time-stamp.")
SEAL_OFFICER = read.text("SEAL_OFFICER", "")
SEAL_ROOTS = Path(roots) if roots else None
SEAL_CRLS = Path(lists) if lists else None

# --- languages and time zone

LANGUAGE_CODE = languages.ENGLISH
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGES = languages.available_languages(BASE_DIR / "locale")
LANGUAGE_COOKIE_NAME = "language"
LANGUAGE_COOKIE_AGE = 31_536_000
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
TIME_ZONE = "UTC"
USE_TZ = True

# --- browser security

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
    },
}
X_FRAME_OPTIONS = "DENY"
BEHIND_PROXY = read.flag("BEHIND_PROXY")
"""Whether one proxy of ours ends TLS and appends the client's address to X-Forwarded-For."""
SECURE_REFERRER_POLICY = "same-origin"  # a stricter one sends Origin: null, which the CSRF check rejects
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"
OTP_TOTP_ISSUER = "Proceedings"
PASSWORD_RESET_TIMEOUT = 3600
SESSION_COOKIE_AGE = 12 * 3600  # one working day, not extended by activity
SESSION_COOKIE_HTTPONLY = True
CSRF_COOKIE_HTTPONLY = True
KNOWN_COOKIE_NAME = "known"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
if not DEBUG:
    SECURE_SSL_REDIRECT = read.flag("SECURE_SSL_REDIRECT", default=True)
    SECURE_HSTS_SECONDS = 31_536_000
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = True
    CSRF_COOKIE_SECURE = True
    LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME = "__Host-session"
    CSRF_COOKIE_NAME = "__Host-csrf"
    KNOWN_COOKIE_NAME = "__Host-known"
    LANGUAGE_COOKIE_NAME = "__Host-language"
    if BEHIND_PROXY:
        SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"redact_links": {"()": "proceedings.web.redaction.RedactLinks"}},
    "formatters": {"plain": {"format": "%(asctime)s %(levelname)s %(name)s: %(message)s"}},
    "handlers": {
        "console": {"class": "logging.StreamHandler", "filters": ["redact_links"], "formatter": "plain"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {
        # Django gives these two loggers their own handlers, which would print links from emails.
        "django": {"handlers": [], "level": "INFO", "propagate": True},
        "django.server": {"handlers": [], "level": "INFO", "propagate": True},
        # pyHanko warns of every oddity in uploaded files.
        "pyhanko": {"level": "ERROR"},
    },
}

if read.problems:
    raise ImproperlyConfigured("\n".join(["The environment is not right:", *(f"  - {p}" for p in read.problems)]))
