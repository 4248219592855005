"""What authors type: which spellings of a name are the signer's, and which ask."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import QueryDict
from django.utils.datastructures import MultiValueDict
from hypothesis import given
from hypothesis import strategies as st

from agreements.documents import pdf
from agreements.views.forms import ChangeRequestForm, DeclineForm, SignForm, VerifyForm, same_person
from tests.agreements.documents_for_tests import FACTS, WORDING, signature

SAME = [
    ("Gavin Brown", "gavin brown"),
    ("Gavin Brown", "BROWN, Gavin"),
    ("Gavin Brown", "Brown Gavin"),
    ("Gavin Brown", "G. Brown"),
    ("Gavin Brown", "G Brown"),
    ("Gavin Brown", "Gavin T. Brown"),
    ("Juan C Perdomo", "Juan Perdomo"),
    ("Juan C Perdomo", "Juan Carlos Perdomo"),
    ("Mikael Møller Høandgsgaard", "mikael moller hoandgsgaard"),
    ("José Ángel Núñez", "Jose Angel Nunez"),
    ("Jean-Luc Dupont", "Jean Luc Dupont"),
    ("Ludwig van Beethoven", "van Beethoven, Ludwig"),
    ("Martin Luther King, Jr", "Martin Luther King Jr"),
    ("Zhuohan Li", "Li Zhuohan"),
    ("李卓翰", "李卓翰"),
    ("Suharto", "suharto"),
    ("Conor O’Brien", "Conor O'Brien"),
    ("Zhuohan Li", "Zhuohan Li (李卓翰)"),
    ("Zhuohan Li", "李卓翰 (Zhuohan Li)"),
    ("李卓翰", "Li Zhuohan（李卓翰）"),
    ("Zhuohan Li (李卓翰)", "李卓翰"),
    ("Mohammed al-Khwarizmi", "M. al-Khwarizmi (محمد الخوارزمي)"),
]

OTHER = [
    ("Gavin Brown", "Gavin"),
    ("Gavin Brown", "Brown"),
    ("Gavin Brown", "Ada Lovelace"),
    ("Gavin Brown", "Gavin Smith"),
    ("Gavin Brown", "Peter Brown"),
    ("Gavin Brown", "."),
    ("Gavin Brown", "x"),
    ("Gavin Brown", ",,,"),
    ("Gavin Brown", "I agree"),
    ("Suharto", "S."),
    ("李卓翰", "王"),
    ("Zhuohan Li", "Ada Lovelace (李卓翰)"),
    ("Gavin Brown", "()"),
]


@pytest.mark.parametrize(("signer", "typed"), SAME)
def test_a_name_matches_whatever_its_case_accents_initials_and_order(signer: str, typed: str) -> None:
    assert same_person(typed, signer)


@pytest.mark.parametrize(("signer", "typed"), OTHER)
def test_another_name_does_not_match(signer: str, typed: str) -> None:
    assert not same_person(typed, signer)


@given(st.text(max_size=60))
def test_no_typed_text_breaks_the_comparison(typed: str) -> None:
    same_person(typed, "Gavin Brown")


def sign_form(**fields: str) -> SignForm:
    whole = {"typed_name": "Gavin Brown", "authority": "on", "consent": "on", "shown": "0" * 64}
    return SignForm(whole | fields, signer="Gavin Brown", wording=WORDING)


def test_white_space_in_a_typed_name_is_folded() -> None:
    form = sign_form(typed_name="  Gavin \t Brown ")
    assert form.is_valid()
    assert form.cleaned_data["typed_name"] == "Gavin Brown"


def test_nothing_is_filled_in_or_ticked_beforehand() -> None:
    form = SignForm(signer="Gavin Brown", wording=WORDING)
    assert not form.initial
    assert all(not form[name].value() for name in form.fields)


def test_a_name_that_the_form_cannot_print_is_named_by_its_number() -> None:
    form = sign_form(typed_name="Gavin\u202e Brown")
    assert not form.is_valid()
    assert "The form cannot print U+202E." in form.errors["typed_name"][0]
    assert "\u202e" not in str(form.errors)


@pytest.mark.parametrize("name", ["W" * 60, "Gavin " * 30, "李" * 40, "محمد " * 40])
def test_a_name_longer_than_its_line_is_rejected_with_what_to_do(name: str) -> None:
    form = sign_form(typed_name=name, same_name="on")
    assert not form.is_valid()
    (refusal,) = form.errors["typed_name"]
    assert str(refusal).startswith("This name is too long for the signature line. Please shorten it")


@given(st.text("iImWéß 李卓محיקदी.-", min_size=1, max_size=70))
def test_no_name_that_the_form_accepts_is_rejected_by_the_seal(name: str) -> None:
    form = sign_form(typed_name=name, same_name="on")
    if form.is_valid():
        pdf.signature_overlay(FACTS, WORDING, signature(typed_name=form.cleaned_data["typed_name"]))


def test_an_author_who_could_not_sign_the_form_is_not_offered() -> None:
    data = QueryDict(mutable=True)
    data.update({"title": "Another", "authors": "Mike Lewis\n" + "W" * 60})
    form = ChangeRequestForm(data, facts=FACTS, wording=WORDING)
    assert not form.is_valid()
    assert "is too long for the signature line" in form.errors["authors"][0]


def test_a_mismatch_asks_first_and_takes_a_tick_for_an_answer() -> None:
    form = sign_form(typed_name="Ada Lovelace")
    assert not form.is_valid()
    assert form.asks_about_name
    assert sign_form(typed_name="Ada Lovelace", same_name="on").is_valid()


def test_the_question_about_the_name_is_not_asked_without_need() -> None:
    form = sign_form(consent="")
    assert not form.is_valid()
    assert not form.asks_about_name


def test_declining_wants_its_tick_but_no_reason() -> None:
    assert DeclineForm({"sure": "on"}).is_valid()
    assert not DeclineForm({"reason": "No."}).is_valid()


def test_a_file_of_no_bytes_is_no_file() -> None:
    form = VerifyForm({}, MultiValueDict({"file": [SimpleUploadedFile("a.pdf", b"")]}))
    assert form.errors["file"] == ["The file is empty. Choose the PDF that we emailed you."]
