"""The settings in a new process: wrong values stop the start, and all problems are reported together."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

ROOT = Path(settings.BASE_DIR)
PRODUCTION = {
    "SECRET_KEY": "7vXq9Lm2Rt5Yw8Zb1Nc4Kd6Fg3Hj0PsQaUeIoTiRkVxEyGzBnMlW",
    "PUBLIC_BASE_URL": "https://desk.example.org",
    "ALLOWED_HOSTS": "desk.example.org",
    "EMAIL_URL": "smtps://desk:hunter2@mx.example.org",
    "DEFAULT_FROM_EMAIL": "agreements@example.org",
    "SEAL_KEY": "/nowhere/key.pem",
    "SEAL_CERT": "/nowhere/cert.pem",
}


def start(*arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """Runs `manage.py` with these variables and no others of ours."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
    command = [sys.executable, "-W", "error::ResourceWarning", "manage.py", *(arguments or ("check",))]
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=60)


def problems(**variables: str) -> list[str]:
    """Returns the problems that stop the start."""
    ended = start(**variables)
    assert ended.returncode != 0, ended.stdout
    assert "The environment is not right:" in ended.stderr
    return re.findall(r"^  - (.*)", ended.stderr, re.MULTILINE)


def test_with_nothing_set_everything_that_is_missing_is_named_at_once() -> None:
    said = problems()
    assert [line.split(" ", 1)[0] for line in said] == [
        "SECRET_KEY", "PUBLIC_BASE_URL", "ALLOWED_HOSTS", "EMAIL_URL", "DEFAULT_FROM_EMAIL", "SEAL_KEY", "SEAL_CERT",
    ]  # fmt: skip
    assert all(re.fullmatch(r"[A-Z_]+ is not set\. [A-Z].*", line) for line in said)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"SECRET_KEY": "short"}, "SECRET_KEY has 5 characters. Use at least 50 random ones."),
        ({"PUBLIC_BASE_URL": "http://desk.example.org"}, "PUBLIC_BASE_URL starts with 'http:'"),
        ({"PUBLIC_BASE_URL": "https:"}, "PUBLIC_BASE_URL names no host"),
        ({"ALLOWED_HOSTS": "*"}, "ALLOWED_HOSTS is '*'."),
        ({"EMAIL_URL": "imap://mx.example.org"}, "EMAIL_URL starts with 'imap:'"),
        ({"DATABASE_URL": "mysql://root:hunter2@db/desk"}, "DATABASE_URL starts with 'mysql:'"),
        ({"DATABASE_URL": "postgres://db:port/desk"}, "DATABASE_URL is not a URL"),
        ({"REDIS_URL": "amqp://host"}, "REDIS_URL starts with 'amqp:'"),
        ({"S3_BUCKET": "sealed", "S3_ACCESS_KEY": "a"}, "S3_SECRET_KEY is not set."),
        ({"TSA_URL": "ftp://tsa.example.org", "SEAL_ROOTS": "/nowhere/roots.pem"}, "TSA_URL starts with 'ftp:'"),
        ({"TSA_URL": "http://tsa.example.org"}, "SEAL_ROOTS is not set. TSA_URL is set"),
        ({"SEAL_CRLS": "/nowhere/lists"}, "SEAL_CRLS is set without TSA_URL."),
        ({"DEBUG": "perhaps"}, "DEBUG is 'perhaps'. Say 1 or 0."),
        ({"DEMO": "1"}, "DEMO shows every mail to everyone."),
        ({"BEHIND_PROXY": "nginx"}, "BEHIND_PROXY is 'nginx'."),
        ({"DEFAULT_FROM_EMAIL": "nobody"}, "DEFAULT_FROM_EMAIL is 'nobody'."),
    ],
)
def test_a_wrong_value_is_rejected_by_name_with_the_reason(change: dict[str, str], says: str) -> None:
    (said,) = problems(**{**PRODUCTION, **change})
    assert said.startswith(says)
    assert "hunter2" not in said


def test_two_wrong_values_are_both_named() -> None:
    said = problems(**{**PRODUCTION, "ALLOWED_HOSTS": "*", "SECRET_KEY": "x"})
    assert {line.split(" ", 1)[0] for line in said} == {"ALLOWED_HOSTS", "SECRET_KEY"}


def test_in_development_nothing_needs_to_be_set() -> None:
    ended = start(DEBUG="1")
    assert ended.returncode == 0, ended.stderr


def test_production_is_clean_with_a_key_made_by_our_own_command(tmp_path: Path) -> None:
    variables = {
        **PRODUCTION,
        "SEAL_KEY": str(tmp_path / "seal" / "key.pem"),
        "SEAL_CERT": str(tmp_path / "seal" / "cert.pem"),
        "SEAL_OFFICER": "Jordan Officer, series editor",
        "DATABASE_URL": f"sqlite:///{tmp_path}/desk.sqlite3",
        "PRIVATE_DIR": str(tmp_path / "private"),
        "REDIS_URL": "rediss://user:hunter2@redis.example.org:6380/0",
    }
    made = start("seal_key", "new", "--organisation", "A Publisher", **variables)
    assert made.returncode == 0, made.stderr
    assert (tmp_path / "seal" / "key.pem").stat().st_mode & 0o777 == 0o600
    checked = start("check", "--deploy", "--fail-level", "WARNING", **variables)
    assert (checked.returncode, checked.stdout) == (0, "System check identified no issues (0 silenced).\n"), (
        checked.stderr
    )
    again = start("seal_key", "new", "--organisation", "A Publisher", **variables)
    assert again.returncode != 0
    assert "exists already" in again.stderr


def test_production_without_its_key_does_not_pass_the_check(tmp_path: Path) -> None:
    checked = start("check", "--deploy", DATABASE_URL=f"sqlite:///{tmp_path}/d.sqlite3", **PRODUCTION)
    assert checked.returncode != 0
    assert "agreements.E002" in checked.stderr


def test_the_example_names_every_variable_that_is_read_and_no_other() -> None:
    code = (ROOT / "proceedings" / "settings.py").read_text()
    read = set(re.findall(r'read\.\w+\(\s*"([A-Z0-9_]+)"', code))
    example = set(re.findall(r"^#? ?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    assert read == example


def test_browsers_are_told_to_be_careful() -> None:
    directives = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    assert directives["default-src"] == directives["base-uri"] == ["'none'"]
    assert not any("unsafe" in value for values in directives.values() for value in values)
    assert settings.SECURE_REFERRER_POLICY == "same-origin"
    assert settings.X_FRAME_OPTIONS == "DENY"
