"""Forms of the admin keep an address in one form, and say what is wrong with it."""

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.forms import modelform_factory
from pytest_django import Settings

from agreements.models import SigningSettings
from proceedings.accounts import password_reset
from proceedings.models import Author, User
from proceedings.models.address_field import AddressFormField
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("model", [Author, User])
def test_a_form_keeps_the_address_as_it_is_sent(model: type[Author] | type[User]) -> None:
    form = modelform_factory(model, fields=["email"])({"email": " Ann <ann@STRAßE.example>"})
    assert form.is_valid(), form.errors
    assert form.cleaned_data["email"] == "ann@xn--strae-oqa.example"
    assert modelform_factory(model, fields=["email"])({"email": ""}).is_valid()


@pytest.mark.parametrize(
    ("typed", "code", "said"),
    [
        ("ann", "invalid", "'ann' is not an email address. Write it like name@example.org."),
        ("a***@example.org", "masked", "'a***@example.org' is hidden in part. Enter the whole address."),
        ("jörg@example.org", "utf8", "Our mail server cannot send to 'jörg@example.org', which has letters"),
    ],
)
def test_a_form_says_what_is_wrong_or_what_its_own_text_says(typed: str, code: str, said: str) -> None:
    with pytest.raises(ValidationError) as error:
        AddressFormField().clean(typed)
    assert error.value.messages[0].startswith(said)
    with pytest.raises(ValidationError, match="My text"):
        AddressFormField(error_messages={code: "My text."}).clean(typed)


def test_a_local_part_in_utf8_needs_a_server_that_takes_it(settings: Settings) -> None:
    settings.EMAIL_SMTPUTF8 = True
    assert AddressFormField().clean("jo\u0308rg@example.org") == "jörg@example.org"
    author = make.paper(contact="jörg@example.org").authors.get(is_corresponding=True)
    assert author.email == "jörg@example.org"


def test_an_old_address_that_cannot_be_written_stops_the_issue_with_the_reason() -> None:
    paper = make.paper()
    paper.authors.filter(is_corresponding=True).update(email="mike@i❤.example")
    with pytest.raises(Exception, match="cannot be written as a domain"):
        make.agreement("issued", of=paper)
    paper.authors.filter(is_corresponding=True).update(email="mike@straße.example")
    assert make.agreement("issued", of=paper).signer_email == "mike@xn--strae-oqa.example"


def test_the_address_for_replies_is_cleaned_on_the_command_line() -> None:
    volume = make.paper().volume
    call_command("issue", str(volume.number), "--deadline", "2026-12-15", "--reply-to", "Chair <chair@STRAßE.example>")
    assert SigningSettings.objects.get(volume=volume).reply_to == "chair@xn--strae-oqa.example"
    with pytest.raises(CommandError, match="--reply-to: 'chair' is not an email address"):
        call_command("issue", str(volume.number), "--deadline", "2026-12-15", "--reply-to", "chair")


def test_a_new_password_is_sent_whatever_the_spelling(mailoutbox: list[object]) -> None:
    user = User.objects.create_user("ann", "Ann@straße.example", "a long password", is_staff=True)
    assert password_reset.send_reset_emails("ann@xn--strae-oqa.example", NOW) == 1
    assert user.email == "Ann@straße.example"
