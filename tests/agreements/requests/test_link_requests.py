"""New links: sent to the address on file, with a limit, without revealing anything about the old link."""

import re
from typing import Any

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test.utils import CaptureQueriesContext

from agreements import lifecycle
from agreements.jobs import scheduled
from agreements.mail import compose, links
from agreements.models import Agreement, Link, LinkRequest, Message
from agreements.reminders import planner
from agreements.requests import link_requests, rate_limits
from proceedings.models import Attempt
from tests import make
from tests.agreements.pages import Author, all_rows, author_of, browser, drop
from tests.agreements.views.test_signing import expired_links, shown
from tests.make import DAY, MINUTE, NOW

pytestmark = pytest.mark.django_db

Kind = Message.Kind
EXPIRED = NOW + 31 * DAY
"""After the expiry of links that `make.token` made at NOW."""


def request_link(token: str, *, now: Any = NOW) -> Any:
    """Submits the form of the expired-link page."""
    author = Author(token, now=now)
    page = author.open()
    (action,) = re.findall(r'<form method="post" action="([^"]*)">', shown(page))
    return author.client.post(author.url + action if not action.startswith("/") else action)


def queue_new_links(now: Any) -> int:
    return scheduled.queue_due(scheduled.fixed_clock(now))["new links"]


def new_link_emails(agreement: Agreement) -> list[Message]:
    return list(agreement.messages.filter(idempotency_key__startswith="fresh:").order_by("pk"))


def link_in(message: Message, now: Any) -> str:
    letter: EmailMessage = compose.compose(message, now)
    token: str
    (token,) = set(re.findall(r"/sign/(?:copy/)?([A-Za-z0-9_-]{43})/", str(letter.body)))
    return token


def test_an_expired_link_offers_a_new_one_that_signs() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    assert Author(token, now=EXPIRED).open().status_code == 404
    assert request_link(token, now=EXPIRED).status_code == 200
    assert queue_new_links(EXPIRED) == 1
    (mail,) = new_link_emails(agreement)
    assert (mail.kind, mail.recipient, mail.idempotency_key) == (Kind.FRESH, "mike@example.org", "fresh:1")
    anew = Author(link_in(mail, EXPIRED), now=EXPIRED)
    assert anew.sign("Mike Lewis").status_code == 303
    assert not LinkRequest.objects.exists()


def test_s10_the_answer_is_the_same_whatever_the_link_was() -> None:
    tokens = expired_links() | {"alive": make.token(make.agreement()), "signed": make.token(make.agreement("sealed"))}
    answers = {why: browser().post(f"/sign/{token}/fresh/") for why, token in tokens.items()}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert len({answer.content for answer in answers.values()}) == 1
    assert all(not answer.cookies for answer in answers.values())


def test_s10_asking_writes_one_row_whatever_the_link_was() -> None:
    """So response times reveal nothing: a scheduled job looks up the link later."""
    for why, token in expired_links().items():
        before = all_rows(but=frozenset({"proceedings_attempt", "agreements_linkrequest"}))
        browser().post(f"/sign/{token}/fresh/")
        assert LinkRequest.objects.count() == 1, why
        assert all_rows(but=frozenset({"proceedings_attempt", "agreements_linkrequest"})) == before
        LinkRequest.objects.all().delete()


PAGES = ["", "decline/", "hand-over/", "correct/", "agreement.pdf", "next/", "fresh/"]


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_s10_the_server_does_the_same_work_for_unknown_expired_and_revoked_links(method: str, page: str) -> None:
    """The same queries with other values, the same status, the same bytes, the same headers.

    ``tests/bench/bench_links.py`` measures the time.
    """
    revoked = make.agreement()
    tokens = {
        "unknown": "A" * 43,
        "expired": make.token(make.agreement(), now=NOW - 31 * DAY),
        "revoked": make.token(revoked),
    }
    links.revoke_links(revoked.pk, NOW)
    seen = []
    for token in tokens.values():
        LinkRequest.objects.all().delete()
        Attempt.objects.all().delete()
        with CaptureQueriesContext(connection) as queries:
            answer = getattr(browser(), method)(f"/sign/{token}/{page}", **({"data": {}} if method == "post" else {}))
        statements = [re.sub(r"'[^']*'|\b\d+\b", "?", query["sql"]) for query in queries]
        headers = {
            name: text for name, text in answer.headers.items() if name != "Expires"
        }  # which depends on the time
        seen.append((statements, answer.status_code, answer.content, headers))
    assert seen[0] == seen[1] == seen[2]


@pytest.mark.parametrize("why", ["unknown", "short", "strange", "declined", "voided"])
def test_an_unknown_link_emails_nothing(why: str) -> None:
    token = expired_links()[why]
    before = Message.objects.count()
    request_link(token)
    assert queue_new_links(NOW) == 0
    assert Message.objects.count() == before
    assert not LinkRequest.objects.exists()


def test_a_link_of_a_replaced_agreement_brings_the_one_that_replaced_it() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    successor = lifecycle.replace(agreement, reason="New title.", by="editor:ed", now=NOW)
    request_link(token)
    assert queue_new_links(NOW) == 1
    assert new_link_emails(agreement) == []
    assert [mail.kind for mail in new_link_emails(successor)] == [Kind.FRESH]


def test_once_sealed_the_receipt_has_the_sealed_pdf_and_a_link_to_it() -> None:
    agreement = make.agreement("sealed")
    author = author_of(agreement)
    page = shown(author.open())
    (action,) = re.findall(r'<form method="post" action="([^"]*)">', page)
    assert author.client.post(action).status_code == 200
    assert queue_new_links(NOW) == 1
    (mail,) = new_link_emails(agreement)
    assert mail.kind == Kind.COPY
    opened = browser(NOW + 365 * DAY).get(f"/sign/copy/{link_in(mail, NOW)}/")
    assert opened.status_code == 200
    drop(opened)
    assert "Send me the sealed PDF" not in shown(author_of(make.agreement("signed")).open())


def test_l11_years_later_the_reference_sends_the_sealed_pdf_to_the_address_on_file() -> None:
    agreement = make.agreement("sealed")
    lifecycle.void(agreement, reason="Published elsewhere.", by="editor:ed", now=NOW + DAY)
    years = NOW + 2000 * DAY
    client = browser(years, enforce_csrf_checks=True)
    token = re.findall(r'name="csrfmiddlewaretoken" value="([^"]*)"', shown(client.get("/sign/copy/")))[0]
    answer = client.post("/sign/copy/", {"csrfmiddlewaretoken": token, "reference": f" {agreement.reference} "})
    assert answer.status_code == 200
    assert agreement.signer_email not in shown(answer)
    assert queue_new_links(years) == 1
    (mail,) = new_link_emails(agreement)
    assert (mail.kind, mail.recipient) == (Kind.COPY, "mike@example.org")


def test_an_old_copy_link_opens_its_own_sealed_pdf_and_not_its_successor() -> None:
    agreement = make.agreement("sealed")
    copy = make.token(agreement, purpose=Link.Purpose.COPY)
    lifecycle.replace(agreement, reason="New title.", by="editor:ed", now=NOW)
    dead = browser().get(f"/sign/copy/{copy}/")
    assert dead.status_code == 404
    assert 'action="fresh/"' in shown(dead)
    browser().post(f"/sign/copy/{copy}/fresh/")
    assert queue_new_links(NOW) == 1
    assert [mail.kind for mail in new_link_emails(agreement)] == [Kind.COPY]


def test_an_unknown_reference_gets_the_same_answer_and_an_empty_one_is_asked_for() -> None:
    known = make.agreement("sealed").reference
    answers = [browser().post("/sign/copy/", {"reference": text}) for text in (known, "nonsense", "x" * 140)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.content for answer in answers}) == 1
    for text in ("", "   ", "x" * 141):
        refused = browser().post("/sign/copy/", {"reference": text})
        assert refused.status_code == 400
        assert shown(refused).count(" autofocus") == 1


def test_asking_twice_before_the_job_runs_emails_once() -> None:
    agreement = make.agreement()
    token = make.token(agreement)
    for _ in range(3):
        request_link(token, now=EXPIRED)
    assert queue_new_links(EXPIRED) == 1


def test_s11_three_emails_a_day_go_to_one_address_whatever_the_papers() -> None:
    volume = make.volume()
    tokens = [make.token(make.agreement(of=make.paper(volume))) for _ in range(2)]
    sent = 0
    for hour in range(10):
        now = EXPIRED + hour * make.HOUR
        request_link(tokens[hour % 2], now=now)
        sent += queue_new_links(now)
    assert sent == 3
    request_link(tokens[0], now=EXPIRED + DAY)
    assert queue_new_links(EXPIRED + DAY) == 1


def test_s11_twenty_misses_a_minute_block_the_address_for_that_minute() -> None:
    agreement = make.agreement()
    live, client = author_of(agreement), browser()
    for number in range(20):
        assert client.post(f"/sign/{number:043}/", {}).status_code == 404
    for path in (f"/sign/{'A' * 43}/", f"/sign/{'A' * 43}/fresh/", f"/sign/{live.token}/", "/sign/copy/"):
        assert client.post(path, {}).status_code == 429, path
    assert live.open().status_code == 200, "reading is never counted"
    elsewhere = browser(REMOTE_ADDR="198.51.100.4")
    assert elsewhere.post(f"/sign/{'A' * 43}/", {}).status_code == 404
    later = browser(NOW + MINUTE)
    assert later.post(f"/sign/{'A' * 43}/", {}).status_code == 404


def test_reading_expired_links_is_not_counted() -> None:
    client = browser()
    for _ in range(30):
        assert client.get(f"/sign/{'A' * 43}/").status_code == 404
    assert not Attempt.objects.exists()


def test_a_new_link_does_not_use_up_the_reminders() -> None:
    agreement = make.agreement()
    link_requests.send_link(agreement, NOW)
    assert planner.build_timeline(agreement).reminder_count == 0
    assert planner.build_timeline(agreement).email_pending


def test_a_request_survives_stopped_scheduled_jobs() -> None:
    agreement = make.agreement()
    link_requests.request_link(NOW, token=make.token(agreement))
    assert queue_new_links(NOW + 7 * DAY) == 1


def test_the_database_holds_no_token_of_a_request() -> None:
    token = make.token(make.agreement())
    link_requests.request_link(NOW, token=token)
    assert token not in str(LinkRequest.objects.values())
    assert rate_limits.EMAILS.max_count == 3
