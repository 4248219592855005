"""A volume's own words: what is refused and why, and what is sent in their place."""

import html
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agreements.mail import email_templates, samples
from agreements.mail.kinds import KINDS, WITH_OWN_TEXT
from agreements.models import EmailTemplate, Link, Message
from tests import make
from tests.agreements.mail.test_compose import LINK, message, read, text_of
from tests.make import NOW

Kind = Message.Kind
GOOD = "We need your signature for {title}.\n\nSign here:\n\n{link}\n\nby {deadline}, {signer}. {volume}"


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("Sign by {deadline}.", "{link} must occur exactly once"),
        ("Sign here: {link}", "{deadline} must occur exactly once"),
        ("{link} {link} {deadline}", "{link} must occur exactly once"),
        ("{link} {deadline} {name}", "{name} is not a placeholder. Use only {signer}"),
        ("{link} {deadline} {link.__class__}", "is not a placeholder"),
        ("{link} {deadline} {", "A brace has no partner"),
        ("{link} {deadline} {{title}}", "A brace has no partner"),
        ("{link} {deadline} http://testserver/sign/abc/", "one person’s signing link"),
    ],
)
def test_an_email_template_that_would_lose_something_is_rejected_with_what_to_do(body: str, said: str) -> None:
    assert any(said in problem for problem in email_templates.template_errors(body, ("link", "deadline")))


def test_a_valid_email_template_is_saved() -> None:
    assert list(email_templates.template_errors(GOOD, ("link", "deadline"))) == []


@given(st.text())
def test_whatever_is_not_complained_of_can_be_filled_in(body: str) -> None:
    values = dict.fromkeys(email_templates.PLACEHOLDERS, "x")
    if not list(email_templates.template_errors(body, ())):
        assert "{" not in email_templates.fill(body, values)


@pytest.mark.django_db
@pytest.mark.parametrize("kind", [Kind.INVITATION, Kind.REMINDER, Kind.LAST_CALL])
def test_an_email_template_is_sent_in_both_parts_with_a_link_that_signs(kind: str) -> None:
    row = message(kind)
    row.agreement.title = "R&D when p<0.05"
    volume = row.agreement.paper.volume
    EmailTemplate.objects.create(volume=volume, kind=kind, body=GOOD, extra="Ask Zoë <zoe@example.org> about anything.")
    mail = read(row)
    plain, page = text_of(mail), text_of(mail, "html")
    assert "We need your signature for R&D when p<0.05." in plain
    assert "Ask Zoë <zoe@example.org> about anything." in plain
    assert "30 November 2026, 23:59 anywhere on Earth" in plain
    assert f"Agreement {row.agreement.reference}" in plain.splitlines()
    visible = html.unescape(re.sub(r"<head>.*?</head>|<[^>]+>", " ", page, flags=re.DOTALL))
    said = re.findall(r"\w+", re.sub(r"http\S+", "", plain))
    assert [word for word in said if word not in re.findall(r"\w+", visible)] == []
    assert len(set(LINK.findall(plain))) == 1
    assert set(LINK.findall(plain)) == set(LINK.findall(page))
    assert ("List-Unsubscribe" in mail) == (kind != Kind.INVITATION)


@pytest.mark.django_db
def test_an_email_template_applies_to_its_volume_and_kind_alone() -> None:
    row = message(Kind.REMINDER)
    EmailTemplate.objects.create(volume=row.agreement.paper.volume, kind=Kind.INVITATION, body=GOOD)
    EmailTemplate.objects.create(volume=make.volume(248), kind=Kind.REMINDER, body=GOOD)
    assert "We need your signature" not in text_of(read(row))


@pytest.mark.django_db
def test_a_combined_email_includes_the_additional_paragraph() -> None:
    row = message(Kind.TOGETHER)
    assert row.volume
    EmailTemplate.objects.create(volume=row.volume, kind=Kind.REMINDER, body=GOOD, extra="The printer waits.")
    mail = read(row)
    assert "The printer waits." in text_of(mail)
    assert "The printer waits." in text_of(mail, "html")
    assert "We need your signature" not in text_of(mail)


@pytest.mark.alone
@pytest.mark.django_db
@pytest.mark.parametrize("kind", WITH_OWN_TEXT)
def test_a_preview_reads_like_the_email_and_its_link_opens_nothing(kind: Message.Kind) -> None:
    volume = make.volume()
    sample = samples.compose_sample(volume, kind, None, NOW)
    assert "A Sample Paper" in str(sample.body)
    assert "Agreement v247-lovelace26-sample" in str(sample.body)
    assert "/sign/" not in str(sample.body)
    assert Message.objects.count() == 0
    offers_to_stop = "List-Unsubscribe" in sample.extra_headers
    assert offers_to_stop == (Link.Purpose.STOP in KINDS[kind].links), "as in the email itself"
    own = EmailTemplate(volume=volume, kind=kind, body="Dear all, {title} by {deadline}.")
    assert "Dear all, A Sample Paper by 30 November 2026" in str(samples.compose_sample(volume, kind, own, NOW).body)
