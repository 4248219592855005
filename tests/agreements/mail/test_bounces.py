"""Mail that came back (row 38): each report counts once, and only a report about a mail of ours counts at all."""

import io
import uuid
from datetime import datetime
from pathlib import Path
from urllib.parse import urlparse

import pytest
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import Settings

from agreements import lifecycle
from agreements.jobs import digest
from agreements.mail import addresses, bounces, mailboxes
from agreements.mail.bounces import Bounce, ReturnPaths
from agreements.mail.judgement import Judgement
from agreements.models import EmailAddress, Message, SigningSettings
from proceedings.models import Author
from tests import imap, make
from tests.agreements.editors import client_for, page_of
from tests.agreements.sending import send
from tests.make import DAY, NOW
from tests.servers import Mailbox

DATA = Path(__file__).parents[2] / "data" / "bounces"
OURS = "<the-mail@proceedings.example>"

MEANS = {
    "hard": True,
    "hard-headers-only": True,
    "unspecific": False,
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
    bounce = bounces.parse_report(report(name))
    assert (bounce and bounce.hard) == MEANS[name]
    assert bounce is None or bounce.message_id == OURS
    assert bounce is None or bounce.detail


@pytest.mark.parametrize(
    "body", [b"", b"\xff\xfe\x00", b"Content-Type: multipart/report; report-type=delivery-status\n\n"]
)
def test_rubbish_says_nothing(body: bytes) -> None:
    assert bounces.parse_report(body) is None


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
def test_a_hard_bounce_marks_the_address_undeliverable_once_and_tells_the_editors(
    mailbox: Mailbox, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    message = ours(mailbox)
    assert take("hard", monkeypatch, capsys) == "1 hard"
    assert take("hard", monkeypatch, capsys) == "1 known"
    assert make.history(message.agreement) == ["draft", "issue", "mailed", "bounced"]
    assert EmailAddress.objects.get(address="mike@example.org").reason == "550 5.1.1 <mike@example.org>: no such user"
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
    assert not EmailAddress.objects.filter(undeliverable_at__isnull=False).exists()


@pytest.mark.django_db
def test_a_report_about_another_senders_email_is_ignored(
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
    assert capsys.readouterr().out == "1 hard, 2 ignored\nno new email\n"
    assert len(list((tmp_path / "cur").iterdir())) == 3
    with pytest.raises(CommandError, match="not a maildir"):
        call_command("read_bounces", str(tmp_path / "elsewhere"))


# --- a return path for each mail (VERP)

PATHS = ReturnPaths("Bounces@desk.example", "proceedings.example", per_message=True)


@given(st.uuids())
def test_a_report_is_known_by_whom_it_came_to(one: uuid.UUID) -> None:
    message_id = f"<{one}@proceedings.example>"
    path = PATHS.for_message(message_id)
    assert len(path.partition("@")[0]) <= 64, "RFC 5321, 4.5.3.1.1"
    assert PATHS.message_id_of(path) == message_id
    assert PATHS.message_id_of(path.upper()) == message_id, "some servers write addresses in capitals"


@pytest.mark.parametrize(
    "address",
    [
        "bounces@desk.example",
        "bounces+@desk.example",
        "bounces+x@desk.example",
        f"other+{uuid.UUID(int=1)}@desk.example",
    ],
)
def test_other_addresses_are_no_return_paths(address: str) -> None:
    assert PATHS.message_id_of(address) == ""


@pytest.mark.parametrize("header", ["To", "Delivered-To", "X-Original-To"])
def test_a_report_without_the_original_is_matched_by_its_return_path(header: str) -> None:
    one = uuid.uuid4()
    body = report("bounce-of-nothing").replace(b"To: ", b"X-To: ", 1)
    body = f"{header}: <bounces+{one}@desk.example>\n".encode() + body
    bounce = bounces.parse_report(body, PATHS)
    assert bounce is not None
    assert (bounce.message_id, bounce.hard) == (f"<{one}@proceedings.example>", True)
    assert bounces.parse_report(body) is None


def test_a_note_of_absence_to_a_return_path_is_still_nothing() -> None:
    to = f"To: bounces+{uuid.uuid4()}@desk.example\n".encode()
    assert bounces.parse_report(to + report("out-of-office"), PATHS) is None
    assert bounces.parse_report(to + report("delayed"), PATHS) is None


@given(st.data())
def test_whatever_is_done_to_a_report_it_is_read_or_not_and_nothing_breaks(data: st.DataObject) -> None:
    body = bytearray(report(data.draw(st.sampled_from(sorted(MEANS)))))
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, len(body) - 1))
        body[at : at + data.draw(st.integers(0, 9))] = data.draw(st.binary(max_size=9))
    found = bounces.parse_report(bytes(body), PATHS)
    assert found is None or found.digest


@pytest.mark.alone
@pytest.mark.django_db
def test_emails_are_sent_with_a_return_path_for_reports(mailbox: Mailbox, settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = "bounces@desk.example"
    make.agreement("issued")
    send(NOW)
    (mail,) = mailbox.texts()
    (sender,) = mailbox.senders
    message = Message.objects.get()
    assert sender == f"bounces+{message.message_id[1:37]}@desk.example"
    assert mail["From"].addresses[0].addr_spec == "desk@proceedings.example", "what people see"
    assert bounces.parse_report(
        f"To: {sender}\n".encode() + report("bounce-of-nothing").replace(b"To: ", b"X-To: ", 1), PATHS
    )


# --- a mailbox on a server (IMAP)


@pytest.fixture
def trusted(certificate: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate[0]))
    return certificate


@pytest.mark.django_db
@pytest.mark.parametrize("scheme", ["imaps", "imap"])
def test_a_mailbox_is_read_once_and_never_without_encryption(
    mailbox: Mailbox,
    trusted: tuple[Path, Path],
    settings: Settings,
    capsys: pytest.CaptureFixture[str],
    scheme: str,
) -> None:
    ours(mailbox)
    inbox = imap.Inbox([report("out-of-office"), report("hard"), report("delayed")])
    with imap.serve(inbox, trusted, scheme=scheme) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        call_command("read_bounces", "imap")
        call_command("read_bounces", "imap")
    assert capsys.readouterr().out == "1 hard, 2 ignored\nno new email\n"
    assert inbox.seen == {1, 2, 3}
    assert inbox.spoken[-1] == "LOGOUT"


@pytest.mark.django_db
def test_a_crashed_run_reads_the_same_report_again_and_counts_it_once(
    mailbox: Mailbox, trusted: tuple[Path, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    message = ours(mailbox)
    inbox = imap.Inbox([report("hard"), report("delayed")])
    bounced = lifecycle.record_bounce

    def killed(bounce: Bounce, **words: object) -> str:
        bounced(bounce, now=NOW)
        raise KeyboardInterrupt

    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        monkeypatch.setattr(lifecycle, "record_bounce", killed)
        with pytest.raises(KeyboardInterrupt):
            call_command("read_bounces", "imap")
        assert inbox.seen == set(), "it is marked when what it says is committed"
        monkeypatch.setattr(lifecycle, "record_bounce", bounced)
        call_command("read_bounces", "imap")
    assert inbox.seen == {1, 2}
    assert make.history(message.agreement).count("bounced") == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"refuses": "LOGIN"}, "not today"),
        ({"refuses": "SELECT"}, "not today"),
        ({"refuses": "SEARCH"}, "not today"),
        ({"refuses": "STORE"}, "not today"),
        ({"silent_at": "FETCH"}, "timed out"),
        ({"silent_at": "LOGIN"}, "timed out"),
    ],
)
@pytest.mark.django_db
def test_a_server_error_is_reported_with_its_text_and_loses_no_report(
    trusted: tuple[Path, Path], settings: Settings, monkeypatch: pytest.MonkeyPatch, wrong: dict[str, str], said: str
) -> None:
    monkeypatch.setattr(mailboxes, "TIMEOUT", 0.5)
    inbox = imap.Inbox([report("hard")])
    vars(inbox).update(wrong)
    with imap.serve(inbox, trusted) as url:
        settings.BOUNCE_MAILBOX = urlparse(url)
        with pytest.raises(CommandError, match=said):
            call_command("read_bounces", "imap")
    assert inbox.seen == set()


def test_a_server_that_nobody_trusts_hears_no_password(certificate: tuple[Path, Path]) -> None:
    inbox = imap.Inbox([report("hard")])
    with imap.serve(inbox, certificate) as url, pytest.raises(mailboxes.MailboxError, match="CERTIFICATE_VERIFY"):
        list(mailboxes.read_imap(urlparse(url)))
    assert inbox.spoken == []


def test_of_a_long_email_only_the_beginning_is_fetched(
    trusted: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mailboxes, "MAX_MESSAGE_BYTES", 900)
    inbox = imap.Inbox([report("hard") + b"x" * 10_000, b""])
    with imap.serve(inbox, trusted) as url:
        mails = list(mailboxes.read_imap(urlparse(url)))
    assert [len(mail) for mail in mails] == [900], "and one that was taken away meanwhile is nothing"


def test_without_a_mailbox_the_command_says_what_to_set() -> None:
    with pytest.raises(CommandError, match="BOUNCE_MAILBOX is not set"):
        call_command("read_bounces", "imap")


@pytest.mark.django_db
def test_an_unreadable_report_does_not_hide_those_behind_it(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    ours(mailbox)
    for folder in ("new", "cur", "tmp"):
        (tmp_path / folder).mkdir()
    for number, name in enumerate(("not-a-report", "hard")):
        (tmp_path / "new" / f"{number}.x.host").write_bytes(report(name))
    read = bounces.parse_report

    def fragile(body: bytes, paths: ReturnPaths | None = None) -> Bounce | None:
        if body == report("not-a-report"):
            raise IndexError("a bug in a parser")
        return read(body, paths)

    monkeypatch.setattr(bounces, "parse_report", fragile)
    call_command("read_bounces", str(tmp_path))
    assert capsys.readouterr().out == "1 hard, 1 set aside\n"


# --- what a soft bounce is followed by


def soft(message: Message, number: int, now: datetime) -> str:
    return lifecycle.record_bounce(Bounce(message.message_id, Judgement.SOFT, "452 full", str(number)), now=now)


@pytest.mark.django_db
def test_a_full_mailbox_is_tried_again_for_some_days_and_no_longer(mailbox: Mailbox) -> None:
    message, now = ours(mailbox), NOW
    agreement = message.agreement
    for number in range(6):
        newest = agreement.messages.order_by("-pk").first()
        assert newest is not None
        assert soft(newest, number, now) == "soft"
        assert send(now + DAY - make.MINUTE) == {}
        now += DAY
        assert send(now) == ({Message.State.SENT: 1} if number < lifecycle.MAX_RESENDS else {})
    assert [mail["To"].addresses[0].addr_spec for mail in mailbox.texts()] == ["mike@example.org"] * 4
    assert len({mail["Message-ID"] for mail in mailbox.texts()}) == 4
    assert not addresses.find_undeliverable(["mike@example.org"])


@pytest.mark.django_db
def test_two_reports_about_one_email_make_one_new_email(mailbox: Mailbox) -> None:
    message = ours(mailbox)
    assert (soft(message, 1, NOW), soft(message, 2, NOW)) == ("soft", "soft")
    assert message.agreement.messages.filter(idempotency_key="invitation:again").count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("end", ["sign", "stop", "another mail"])
def test_what_nobody_waits_for_is_not_tried_again(mailbox: Mailbox, end: str) -> None:
    message = ours(mailbox)
    if end == "sign":
        make.sign(message.agreement)
    elif end == "stop":
        lifecycle.stop_reminders(message.agreement, now=NOW)
    else:
        lifecycle.remind_now(message.agreement, by="editor:ed", now=NOW)
    assert soft(message, 1, NOW) == "soft"
    assert not message.agreement.messages.filter(idempotency_key__endswith=":again").exists()


@pytest.mark.django_db
def test_a_retry_that_waits_ends_with_the_agreement(mailbox: Mailbox) -> None:
    message = ours(mailbox)
    soft(message, 1, NOW)
    make.sign(message.agreement, now=NOW)
    assert message.agreement.messages.get(idempotency_key="invitation:again").state == Message.State.CANCELLED


@pytest.mark.django_db
def test_a_combined_email_is_tried_again_for_those_awaiting_signature(mailbox: Mailbox) -> None:
    volume = make.the_volume()
    one, two, three = (make.agreement("issued", of=make.paper(volume)) for _ in range(3))
    assert send(NOW) == {Message.State.SENT: 1}
    first = Message.objects.get(kind=Message.Kind.TOGETHER)
    make.sign(three)
    mailbox.reset()
    assert (soft(first, 1, NOW), soft(first, 1, NOW)) == ("soft", "known")
    assert [make.history(agreement).count("bounced") for agreement in (one, two, three)] == [1, 1, 1]
    again = Message.objects.filter(idempotency_key="invitation:again")
    assert {row.agreement for row in again} == {one, two}
    make.sign(two, now=NOW + make.HOUR)
    send(NOW + DAY - make.MINUTE)
    assert "invitation:again" not in {row.idempotency_key for row in Message.objects.filter(state=Message.State.SENT)}
    assert send(NOW + DAY) == {Message.State.SENT: 1}
    last = Message.objects.get(idempotency_key="invitation:again", agreement=one)
    assert last.state == Message.State.SENT
    assert last.carrier is not None
    assert soft(last.carrier, 2, NOW + DAY) == "soft"
    assert make.history(two).count("bounced") == 1, "it was not in the second one"
    assert send(NOW + 2 * DAY) == {Message.State.SENT: 1}


# --- the editor's task


@pytest.mark.django_db
def test_a_hard_bounce_leaves_the_editor_a_task_with_somebody_else_to_choose(mailbox: Mailbox) -> None:
    message = ours(mailbox)
    agreement = message.agreement
    Author.objects.filter(paper=agreement.paper, position=2).update(email="second@example.org")
    assert (
        lifecycle.record_bounce(Bounce(message.message_id, Judgement.ADDRESS, "550 no such user", "1"), now=NOW)
        == "hard"
    )
    editor_client = client_for(make.editor("ed", make.the_volume()))
    page = editor_client.get(page_of(agreement)).content.decode()
    assert "We cannot deliver email to mike@example.org: 550 no such user" in page
    assert "Choose another signer…" in page
    assert "Send reminder now" not in page
    board = editor_client.get(f"/admin/proceedings/volume/{agreement.paper.volume_id}/board/").content.decode()
    assert "We cannot deliver email to the signer" in board
    chosen = editor_client.post(
        "/admin/agreements/agreement/", {"action": "contact", "_selected_action": agreement.pk}, follow=True
    )
    assert "second@example.org" in chosen.content.decode()


@pytest.mark.alone
@pytest.mark.django_db
def test_a_bounced_digest_marks_the_editors_address_undeliverable_and_the_admin_says_so(mailbox: Mailbox) -> None:
    volume = make.the_volume()
    make.agreement("declined", of=make.paper(volume))
    editor = make.editor("ed", volume)
    SigningSettings.objects.update(daily_at=NOW)
    assert digest.queue_due(NOW) == 1
    send(NOW)
    message = Message.objects.get(kind=Message.Kind.EDITOR_DAILY)
    assert lifecycle.record_bounce(Bounce(message.message_id, Judgement.SOFT, "452 full", "1"), now=NOW) == "ignored"
    said = [
        lifecycle.record_bounce(Bounce(message.message_id, Judgement.ADDRESS, "550 gone", "2"), now=NOW)
        for _ in range(2)
    ]
    assert said == ["hard", "known"]
    assert set(addresses.find_undeliverable([editor.email])) == {editor.email}
    page = client_for(editor).get(f"/admin/proceedings/volume/{volume.pk}/reminders/").content.decode()
    assert f"We cannot deliver email to {editor.email}: 550 gone" in page
    call_command("email_addresses", "--lift", editor.email)
    page = client_for(editor).get(f"/admin/proceedings/volume/{volume.pk}/reminders/").content.decode()
    assert "We cannot deliver" not in page


@pytest.mark.django_db
def test_a_bounced_notice_to_a_co_author_is_no_task(mailbox: Mailbox) -> None:
    agreement = make.agreement("issued")
    make.coauthor(agreement, email="second@example.org")
    make.sign(agreement)
    send(NOW)
    notice = agreement.messages.get(kind="coauthor")
    assert lifecycle.record_bounce(Bounce(notice.message_id, Judgement.ADDRESS, "550 no", "1"), now=NOW) == "hard"
    assert addresses.find_undeliverable(["second@example.org"])
    assert not agreement.messages.filter(kind="editor-refused").exists()


# --- what nothing noticed before


@pytest.mark.django_db
def test_without_a_bounce_address_every_email_has_the_plain_sender(mailbox: Mailbox, settings: Settings) -> None:
    settings.BOUNCE_ADDRESS = ""
    make.agreement("issued")
    send(NOW)
    (sender,) = mailbox.senders
    assert "+" not in sender


@pytest.mark.parametrize("each", [True, False])
def test_a_return_path_names_its_email_only_where_the_server_delivers_it(each: bool) -> None:
    paths = ReturnPaths("bounces@desk.example", "proceedings.example", each)
    mail = uuid.UUID(int=1)
    assert paths.for_message(f"<{mail}@proceedings.example>") == f"bounces{f'+{mail}' * each}@desk.example"
    assert paths.for_message("<of-somebody-else@example.org>") == "bounces@desk.example"


def test_a_message_id_on_a_line_of_its_own_is_read() -> None:
    headers = report("hard-headers-only")
    folded = headers.replace(b"Message-ID: <the-mail@", b"Message-ID:\n <the-mail@")
    assert folded != headers
    bounce = bounces.parse_report(folded)
    assert bounce
    assert bounce.message_id == OURS
