"""No more reminders (row 41): one click in the mail program or a button; it tells the editors and never declines."""

import re
from collections.abc import Callable
from email import message_from_bytes, policy
from typing import Any

import pytest
from django.test import Client

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import compose, encoding, links
from agreements.models import Agreement, Link, Message
from tests import make
from tests.agreements.sending import send
from tests.make import CLOSES, DAY, NOW
from tests.servers import Mailbox

pytestmark = pytest.mark.django_db

State = Message.State
ONE_CLICK = "List-Unsubscribe=One-Click"


@pytest.fixture(autouse=True)
def today(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


def reminded() -> tuple[Agreement, str, str]:
    """An agreement, and of its reminder the headers and the path behind its List-Unsubscribe."""
    agreement = make.agreement("issued")
    mail = compose.compose(make.reminder(agreement), NOW)
    heads = encoding.encode_email(mail).partition(b"\r\n\r\n")[0].decode()
    found = re.search(r"^List-Unsubscribe: <http://testserver(/\S+)>\r?$", heads, re.MULTILINE)
    assert found, heads
    return agreement, heads, found[1]


def test_a_reminder_says_how_to_end_them_in_headers_that_stay_whole() -> None:
    _, heads, path = reminded()
    assert "\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in heads + "\r\n"
    assert max(map(len, heads.split("\r\n"))) <= 998
    assert re.fullmatch(r"/reminders/stop/[A-Za-z0-9_-]{43}/", path)
    assert message_from_bytes(heads.encode(), policy=policy.default)["List-Unsubscribe"].startswith("<http")


def test_an_invitation_offers_no_end_of_what_has_not_begun() -> None:
    mail = compose.compose(make.invitation(make.agreement("issued")), NOW)
    assert b"List-Unsubscribe" not in encoding.encode_email(mail)


def test_one_click_opts_out_tells_the_editors_and_declines_nothing(mailbox: Mailbox) -> None:
    agreement, _, path = reminded()
    strict = Client(enforce_csrf_checks=True)  # a mail program has no cookie
    answer = strict.post(path, ONE_CLICK, content_type="application/x-www-form-urlencoded")
    assert answer.status_code == 200, "RFC 8058 allows no redirect"
    agreement.refresh_from_db()
    assert (agreement.status, agreement.reminders_stopped_at, agreement.next_check_at) == ("issued", NOW, None)
    assert agreement.messages.get(idempotency_key="r1:T-7").state == State.CANCELLED
    assert make.invitation(agreement).state == State.PENDING, "only reminders end"
    assert make.history(agreement) == ["draft", "issue", "stop-reminders"]
    send(NOW)
    assert "chair@desk.example" in mailbox.recipients()
    told = next(text for text in mailbox.texts() if "opted out of reminders" in str(text["Subject"]))
    assert "The signer has not declined" in str(told.get_body(("plain",)))


def test_once_stopped_nothing_reminds_any_more(mailbox: Mailbox) -> None:
    agreement, _, path = reminded()
    Client().post(path)
    send(NOW)
    sent = len(mailbox.mails)
    lifecycle.recheck_volume(agreement.paper.volume_id, CLOSES - 7 * DAY)
    assert +scheduled.queue_due(scheduled.fixed_clock(CLOSES - 7 * DAY)) == {}
    assert not lifecycle.remind_now(agreement, by="editor:ed", now=CLOSES)
    send(CLOSES)
    assert len(mailbox.mails) == sent


def test_the_link_in_earlier_emails_still_signs() -> None:
    agreement, _, path = reminded()
    token = make.token(agreement)
    Client().post(path)
    assert links.find_link(token, Link.Purpose.SIGN, NOW) is not None
    make.sign(Agreement.objects.get(pk=agreement.pk))


def test_a_second_click_changes_nothing() -> None:
    agreement, _, path = reminded()
    for _ in range(3):
        assert Client().post(path).status_code == 200
    assert make.history(agreement).count("stop-reminders") == 1
    assert agreement.messages.filter(kind="editor-stopped").count() == 1


@pytest.mark.parametrize("method", ["get", "head", "options"])
def test_looking_changes_nothing(method: str) -> None:
    agreement, _, path = reminded()
    look: Callable[[str], Any] = getattr(Client(), method)
    look(path)
    agreement.refresh_from_db()
    assert agreement.reminders_stopped_at is None
    assert make.history(agreement) == ["draft", "issue"]


def test_the_page_asks_with_a_button_and_says_what_was_done() -> None:
    _, _, path = reminded()
    client = Client()
    asks = client.get(path).content.decode()
    assert '<form method="post">' in asks
    assert "This does not decline an agreement" in asks
    assert "Reminders stopped</h1>" in client.post(path).content.decode()
    assert "Reminders stopped</h1>" in client.get(path).content.decode()


def test_the_link_can_do_nothing_else_and_no_other_link_can_do_this() -> None:
    agreement, _, path = reminded()
    token = path.rstrip("/").rpartition("/")[2]
    assert Client().get(f"/sign/{token}/").status_code == 404
    assert Client().post(f"/reminders/stop/{make.token(agreement)}/").status_code == 404
    agreement.refresh_from_db()
    assert agreement.reminders_stopped_at is None


@pytest.mark.parametrize("end", ["sign", "void"])
def test_where_nothing_waits_it_stops_nothing(end: str) -> None:
    agreement, _, path = reminded()
    if end == "sign":
        make.sign(agreement)
    else:
        lifecycle.void(agreement, reason="Withdrawn.", by="editor:ed", now=NOW)
    assert Client().post(path).status_code == 200
    agreement.refresh_from_db()
    assert agreement.reminders_stopped_at is None
