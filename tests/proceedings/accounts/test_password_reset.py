"""A forgotten password: asked for by anybody, mailed to the account's own address, and it opens nothing by itself."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from pytest_django import Settings

from agreements.jobs import scheduled
from proceedings.accounts import password_reset, two_factor
from proceedings.models import Attempt, ResetRequest, User
from tests import make
from tests.agreements.pages import browser
from tests.make import NOW
from tests.proceedings.staff import code_of, with_app

pytestmark = pytest.mark.django_db

ASK = "/admin/password_reset/"
NEW = {"new_password1": "correct horse battery", "new_password2": "correct horse battery"}


def ask(email: str = "ed@desk.example", **more: Any) -> Any:
    return browser().post(ASK, {"email": email}, **more)


def mails(folder: Path) -> list[Any]:
    texts = [text for file in sorted(folder.iterdir()) for text in file.read_bytes().split(b"-" * 79)]
    return [message_from_bytes(text.strip(), policy=policy.default) for text in texts if text.strip()]


def link_in(mail: Any) -> str:
    return str(re.findall(r"http://testserver(\S+)", mail.get_content())[0])


def test_the_answer_is_the_same_whether_there_is_such_an_account_or_not(mail_folder: Path) -> None:
    make.editor()
    pages = {ask(email).content for email in ("ed@desk.example", "nobody@desk.example")}
    assert len(pages) == 1
    assert ResetRequest.objects.count() == 2
    assert not list(mail_folder.iterdir()), "the clock mails, not the page"


def test_the_scheduled_job_emails_a_link_to_the_account_and_to_nobody_else(mail_folder: Path) -> None:
    make.editor()
    ask("ED@desk.example")
    ask("nobody@desk.example")
    assert scheduled.queue_due(scheduled.stopped(NOW))["password links"] == 1
    (mail,) = mails(mail_folder)
    assert mail["To"] == "ed@desk.example"
    assert not ResetRequest.objects.exists()


@pytest.mark.parametrize("fields", [{"is_active": False}, {"is_staff": False}, {"password": "!"}])
def test_an_account_without_access_gets_no_email(fields: dict[str, Any], mail_folder: Path) -> None:
    make.editor()
    User.objects.update(**fields)
    ask()
    assert password_reset.send_links(NOW) == 0
    assert not list(mail_folder.iterdir())


def test_s12_the_link_never_leads_where_a_stranger_says(mail_folder: Path, settings: Settings) -> None:
    settings.ALLOWED_HOSTS = ["testserver", "other.example"]
    make.editor()
    ask(headers={"host": "other.example"})
    password_reset.send_links(NOW)
    assert "other.example" not in mails(mail_folder)[0].get_content()


def test_the_link_sets_a_password_once_and_the_second_step_is_still_asked_for(
    mail_folder: Path, settings: Settings
) -> None:
    settings.TWO_STEP_LOGIN = True
    user = make.editor()
    app = with_app(user, NOW - timedelta(minutes=5))
    ask()
    password_reset.send_links(NOW)
    link = link_in(mails(mail_folder)[0])
    client = browser()
    opened = client.get(link)
    assert opened.status_code == 302
    assert link.split("/")[-2] not in opened["Location"], "the secret leaves the address at once"
    assert client.post(opened["Location"], NEW)["Location"] == "/admin/login/"
    assert "_auth_user_id" not in client.session
    assert client.get("/admin/account/").status_code == 302
    sent = {"username": "ed", "password": NEW["new_password1"]}
    assert client.post("/admin/login/", sent)["Location"] == "/admin/login/code/"
    assert client.post("/admin/login/code/", {"code": code_of(app, NOW)}).status_code == 302
    assert client.get("/admin/account/").status_code == 200
    assert "This link was used already or has expired." in browser().get(link, follow=True).content.decode()


def test_a_weak_password_is_refused_with_why(mail_folder: Path) -> None:
    make.editor()
    ask()
    password_reset.send_links(NOW)
    client = browser()
    opened = client.get(link_in(mails(mail_folder)[0]), follow=True)
    page = client.post(opened.request["PATH_INFO"], {"new_password1": "short", "new_password2": "short"})
    assert "at least 12 characters" in page.content.decode()


def test_a_new_password_leaves_app_and_recovery_codes_alone(mail_folder: Path) -> None:
    user = make.editor()
    with_app(user)
    ask()
    password_reset.send_links(NOW)
    client = browser()
    client.post(client.get(link_in(mails(mail_folder)[0]))["Location"], NEW)
    assert two_factor.authenticator_of(user)
    assert two_factor.codes_left(user) == 10


def test_s11_three_mails_a_day_and_ten_requests_an_hour(mail_folder: Path) -> None:
    make.editor()
    for _ in range(4):
        ask()
        password_reset.send_links(NOW)
    assert len(mails(mail_folder)) == 3
    answers = [ask(f"user{number}@desk.example").status_code for number in range(8)]
    assert answers == [200] * 6 + [400] * 2
    assert "Try again in an hour." in ask().content.decode()
    assert ask(REMOTE_ADDR="192.0.2.9").status_code == 200


def test_a_mail_server_that_is_down_makes_it_late_and_not_for_ever(settings: Settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    make.editor()
    ask()
    assert password_reset.send_links(NOW) == 0
    assert ResetRequest.objects.count() == 1
    assert not Attempt.objects.filter(limit=password_reset.EMAILS.name).exists(), "it is not counted either"
    assert password_reset.send_links(NOW + password_reset.STALE) == 0
    assert not ResetRequest.objects.exists()
