"""Settings for tests: the real ones, from an environment that is the same on every machine."""

import os
import tempfile
from pathlib import Path

TEST_DIR = tempfile.mkdtemp(prefix="desk-tests-")
FIXED = {
    "DEBUG": "1",
    "SECRET_KEY": "only-for-tests-only-for-tests-only-for-tests-only-for-tests",
    "PUBLIC_BASE_URL": "http://testserver",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "EMAIL_URL": f"file://{TEST_DIR}/mail",
    "DEFAULT_FROM_EMAIL": "desk@proceedings.example",
    "PRIVATE_DIR": f"{TEST_DIR}/private",
    "SEAL_KEY": f"{TEST_DIR}/seal/key.pem",
    "SEAL_CERT": f"{TEST_DIR}/seal/cert.pem",
    "SEAL_OFFICER": "Jordan Officer",
}
os.environ.update(FIXED)
for name in (
    "REDIS_URL",
    "S3_BUCKET",
    "DEMO",
    "TSA_URL",
    "SEAL_ROOTS",
    "SEAL_CRLS",
    "BOUNCE_ADDRESS",
    "BOUNCE_MAILBOX",
):
    os.environ.pop(name, None)
os.environ.setdefault("DATABASE_URL", f"sqlite:///{TEST_DIR}/desk.sqlite3")

from proceedings.settings import *  # noqa: E402, F403

DEBUG = False
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STATIC_ROOT = Path(TEST_DIR, "static")
STATIC_ROOT.mkdir()  # WhiteNoise requires it
