"""A mail from a form letter is the mail that would have been written for its receiver alone."""

from datetime import datetime

import pytest
from django.core.mail import EmailMultiAlternatives
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements.mail import compose
from agreements.mail.email_templates import MARK, BatchTemplate, blank
from agreements.mail.kinds import EmailKind
from agreements.models import EmailTemplate, Message
from tests import make
from tests.make import CLOSES, DAY, HOUR, NOW

TEXT = st.text(max_size=60)
LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=200).map(str.strip).filter(bool)
OWN = "Dear {signer}, of {volume}:\n\n  {title}\n\nSign by {deadline}: {link} <b>"


@given(TEXT, TEXT, TEXT)
def test_a_blank_takes_its_value_as_it_is_each_time(one: str, two: str, between: str) -> None:
    form = BatchTemplate(f"{blank('a')}{between}{blank('b')}{blank('a')}.")
    assert form.filled({"a": one, "b": two}) == f"{one}{between}{two}{one}."
    assert form.filled({"a": two, "b": one}) == f"{two}{between}{one}{two}."


def test_what_a_value_says_is_no_blank() -> None:
    assert BatchTemplate(f"{blank('a')}!").filled({"a": blank("b")}) == f"{MARK}-b-!"


def test_a_blank_without_its_value_stops_the_mail() -> None:
    with pytest.raises(KeyError):
        BatchTemplate(blank("a")).filled({})


@pytest.fixture
def rows(db: None) -> dict[str, Message]:
    """A mail of each kind that goes to many, about an agreement that is theirs."""
    return {
        "invitation": make.invitation(make.agreement("issued")),
        "reminder": make.reminder(make.agreement("issued")),
        "last-call": make.reminder(make.agreement("issued"), "r1:T-1"),
    }


def alone(all_of: compose.Composer, row: Message, now: datetime, patch: pytest.MonkeyPatch) -> None:
    """Writes a mail by both ways, and compares them."""
    by_form = all_of.written(row, now)
    with patch.context() as without_batches:
        without_batches.setattr(EmailKind, "is_batch", False)
        by_itself = all_of.written(row, now)
    assert isinstance(by_form, EmailMultiAlternatives)
    assert isinstance(by_itself, EmailMultiAlternatives)
    assert by_form.body == by_itself.body
    assert by_form.alternatives == by_itself.alternatives
    assert by_form.subject == by_itself.subject
    assert MARK not in by_form.message().as_string()


@pytest.mark.parametrize("own", [None, OWN])
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_it_is_as_if_it_were_written_alone(
    rows: dict[str, Message], monkeypatch: pytest.MonkeyPatch, own: str | None, data: st.DataObject
) -> None:
    for kind, row in rows.items():
        volume = row.agreement.paper.volume
        EmailTemplate.objects.filter(volume=volume).delete()
        if own:
            EmailTemplate.objects.create(volume=volume, kind=kind, body=own, extra="Hurry & sign.")
    all_of = compose.Composer(rows.values(), NOW)
    kind = data.draw(st.sampled_from(sorted(rows)))
    for _ in range(6):  # of one batch, so that a form that was made for another of them would show
        row = rows[kind]
        agreement = row.agreement
        agreement.status = data.draw(st.sampled_from(["issued", "received"]))
        agreement.title, agreement.signer, *agreement.authors = data.draw(st.lists(LINE, min_size=2, max_size=4))
        agreement.authors += [agreement.signer] * data.draw(st.integers(0, 1))
        now = data.draw(st.sampled_from([NOW, CLOSES - HOUR, CLOSES + DAY]))
        with translation.override(data.draw(st.sampled_from(["en", "fr", "zh-hans"]))):
            alone(all_of, row, now, monkeypatch)
