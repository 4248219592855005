"""Mail that came back (row 38): each report counts once, and only a report about a mail of ours counts at all."""

import io
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from agreements import bounces
from agreements.models import Addressee, Message
from tests import make
from tests.agreements.sending import send
from tests.make import DAY, NOW
from tests.servers import Mailbox

DATA = Path(__file__).parent.parent / "data" / "bounces"
OURS = "<the-mail@proceedings.example>"

MEANS = {
    "hard": True,
    "hard-headers-only": True,
    "hard-no-diagnosis": True,
    "full": False,
    "policy": False,
    "delayed": None,
    "out-of-office": None,
    "bounce-of-nothing": None,
    "not-a-report": None,
}


def report(name: str) -> bytes:
    return (DATA / f"{name}.eml").read_bytes()


def test_every_fixture_has_an_expectation() -> None:
    assert {path.stem for path in DATA.glob("*.eml")} == set(MEANS)


@pytest.mark.parametrize("name", MEANS)
def test_what_each_report_means(name: str) -> None:
    bounce = bounces.read(report(name))
    assert (bounce and bounce.hard) == MEANS[name]
    assert bounce is None or bounce.message_id == OURS
    assert bounce is None or bounce.words


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"Content-Type: multipart/report; report-type=delivery-status\n\n"]
)
def test_rubbish_says_nothing(body: bytes) -> None:
    assert bounces.read(body) is None


def ours(mailbox: Mailbox) -> Message:
    """A mail that was sent, with the Message-ID of the fixtures."""
    message = make.invitation(make.agreement("issued"))
    Message.objects.filter(pk=message.pk).update(message_id=OURS)
    send(NOW)
    message.refresh_from_db()
    assert message.state == Message.State.SENT
    return message


def take(name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(report(name))))
    call_command("read_bounces", "-")
    return capsys.readouterr().out.strip()


@pytest.mark.django_db
def test_a_hard_bounce_stops_the_address_once_and_tells_the_editors(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = ours(mailbox)
    assert take("hard", monkeypatch, capsys) == "1 hard"
    assert take("hard", monkeypatch, capsys) == "1 known"
    assert make.history(message.agreement) == ["draft", "issue", "mailed", "bounced"]
    assert Addressee.objects.get(address="mike@example.org").reason == "550 5.1.1 <mike@example.org>: no such user"
    assert message.agreement.messages.filter(kind="editor-refused").count() == 1
    mailbox.reset()
    send(NOW + DAY)
    assert mailbox.recipients() == ["chair@desk.example"], "nobody answers the report itself"


@pytest.mark.django_db
def test_a_full_mailbox_is_noted_and_stops_nothing(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = ours(mailbox)
    assert take("full", monkeypatch, capsys) == "1 soft"
    assert make.history(message.agreement)[-1] == "bounced"
    assert not Addressee.objects.filter(stopped_at__isnull=False).exists()


@pytest.mark.django_db
def test_a_report_about_anothers_mail_is_ignored(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make.agreement("issued")
    assert take("hard", monkeypatch, capsys) == "1 ignored"


@pytest.mark.django_db
def test_a_maildir_is_read_once(mailbox: Mailbox, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    ours(mailbox)
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    for name in ("hard", "out-of-office", "delayed"):
        (tmp_path / "new" / f"1.{name}.host").write_bytes(report(name))
    call_command("read_bounces", str(tmp_path))
    call_command("read_bounces", str(tmp_path))
    assert capsys.readouterr().out == "1 hard, 2 ignored\nno new mail\n"
    assert len(list((tmp_path / "cur").iterdir())) == 3
    with pytest.raises(CommandError, match="not a maildir"):
        call_command("read_bounces", str(tmp_path / "elsewhere"))
