"""Co-authors are told that somebody signed for them, and may object for 14 days."""

import re
from typing import Any

import pytest

from agreements import lifecycle
from agreements.documents import audit, history
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.mail import compose, links
from agreements.models import Agreement, Link, Message, SigningSettings
from agreements.requests import objections
from proceedings.models import Author
from tests import make
from tests.agreements.lifecycle.test_lifecycle import rows
from tests.agreements.pages import FormReader, all_rows, browser
from tests.agreements.views.test_signing import shown
from tests.make import DAY, NOW

pytestmark = pytest.mark.django_db

Kind = Message.Kind


def signed(**signing_settings: Any) -> Agreement:
    """An agreement signed for three authors; the second one's address is on file."""
    agreement = make.agreement(of=make.paper(make.volume(**signing_settings)))
    make.coauthor(agreement, email="Shruti@example.org")
    return make.sign(agreement)


def notices(agreement: Agreement) -> list[Message]:
    return list(agreement.messages.filter(kind=Kind.COAUTHOR).order_by("recipient"))


def path_of(notice: Message, now: Any = NOW) -> str:
    (path,) = set(re.findall(r"http://testserver(/sign/object/\S+/)", str(compose.compose(notice, now).body)))
    return str(path)


def sent(path: str, now: Any = NOW, **fields: str) -> Any:
    return browser(now).post(path, fields)


def test_l09_the_co_authors_with_an_address_are_notified_in_the_transaction_that_signs() -> None:
    agreement = signed()
    (notice,) = notices(agreement)
    assert (notice.recipient, notice.state, notice.due_at) == ("shruti@example.org", "pending", NOW)


def test_the_signer_is_not_told_and_nobody_is_told_twice() -> None:
    agreement = make.agreement()
    for place, email in ((2, "MIKE@example.org"), (3, "tim@example.org")):
        make.coauthor(agreement, place, email=email)
    Author.objects.create(paper=agreement.paper, position=4, family="Dettmers", email="Tim@example.org")
    make.sign(agreement)
    assert [notice.recipient for notice in notices(agreement)] == ["tim@example.org"]


def test_a_volume_may_switch_it_off() -> None:
    assert notices(signed(tell_authors=False)) == []
    assert SigningSettings._meta.get_field("tell_authors").default is True


def test_l09_an_objection_is_an_event_and_emailed_to_the_editors_and_undoes_nothing() -> None:
    agreement = signed()
    make.editor("ed", agreement.paper.volume)
    path = path_of(notices(agreement)[0])
    page = shown(browser().get(path))
    for words in (agreement.title, "Mike Lewis", "Shruti Bhosale", "1 November 2026, 09:00 UTC"):
        assert words in page
    answer = sent(path, reason=" Nobody asked me. ", sure="on")
    assert answer.status_code == 200
    assert "Your objection is recorded" in shown(answer)
    agreement.refresh_from_db()
    assert agreement.status == Status.SIGNED
    assert history.list_objections(agreement) == [{"who": "Shruti Bhosale", "reason": "Nobody asked me."}]
    (told,) = agreement.messages.filter(kind=Kind.EDITOR_OBJECTED)
    assert told.recipient == "ed@desk.example"
    assert list(audit.check_all()) == []
    make.seal(agreement)


def test_saying_it_twice_is_noted_once() -> None:
    agreement = signed()
    path = path_of(notices(agreement)[0])
    for _ in range(2):
        assert sent(path, reason="Nobody asked me.", sure="on").status_code == 200
    assert len(history.list_objections(agreement)) == 1
    assert agreement.messages.filter(kind=Kind.EDITOR_OBJECTED).count() == 1
    assert objections.record_objection(agreement, by="Tim Dettmers", reason="Nor me.", now=NOW)
    assert agreement.messages.filter(kind=Kind.EDITOR_OBJECTED).count() == 2


@pytest.mark.parametrize("fields", [{}, {"sure": "on"}, {"reason": "No."}, {"reason": "x" * 2001, "sure": "on"}])
def test_a_machine_that_presses_the_button_objects_to_nothing(fields: dict[str, str]) -> None:
    path = path_of(notices(signed())[0])
    before = all_rows()
    page = browser().get(path)
    answer = sent(path, **(FormReader(shown(page)).fields | fields))
    assert answer.status_code == 400
    assert shown(answer).count(" autofocus") == 1
    assert all_rows() == before


def test_the_link_lives_fourteen_days_and_is_good_for_nothing_else() -> None:
    agreement = signed()
    path = path_of(notices(agreement)[0])
    token = path.split("/")[-2]
    assert browser(NOW + 14 * DAY - make.MINUTE).get(path).status_code == 200
    assert browser(NOW + 14 * DAY).get(path).status_code == 404
    for purpose in (Link.Purpose.SIGN, Link.Purpose.COPY):
        assert links.find_link(token, purpose, NOW) is None
    assert browser().get(f"/sign/{token}/").status_code == 404


def test_a_new_link_for_an_old_link_of_a_co_author_is_not_emailed_to_the_signer() -> None:
    agreement = signed()
    path = path_of(notices(agreement)[0])
    dead = browser(NOW + 20 * DAY).get(path)
    assert 'action="fresh/"' in shown(dead)
    assert browser(NOW + 20 * DAY).post(f"{path}fresh/").status_code == 200
    assert scheduled.queue_due(scheduled.fixed_clock(NOW + 20 * DAY))["new links"] == 0


@pytest.mark.parametrize("end", ["void", "replace"])
def test_what_is_not_in_force_any_more_is_not_objected_to(end: str) -> None:
    agreement = signed()
    path = path_of(notices(agreement)[0])
    getattr(lifecycle, end)(agreement, reason="New authors.", by="editor:ed", now=NOW)
    before = rows(agreement)
    assert browser().get(path).status_code == 404
    assert sent(path, reason="No.", sure="on").status_code == 404
    with pytest.raises(lifecycle.TransitionError):
        objections.record_objection(agreement, by="Shruti Bhosale", reason="No.", now=NOW)
    assert rows(agreement) == before


def test_whom_the_paper_does_not_know_any_more_is_named_by_the_address() -> None:
    agreement = signed()
    path = path_of(notices(agreement)[0])
    Author.objects.filter(paper=agreement.paper_id, position=2).update(email="new@example.org")
    sent(path, reason="No.", sure="on")
    assert history.list_objections(agreement)[0]["who"] == "shruti@example.org"
