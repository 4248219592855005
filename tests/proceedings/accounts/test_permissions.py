"""Which volume a list is about, and whose volumes a person sees."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.test import RequestFactory

from proceedings.accounts import permissions
from proceedings.models import User
from tests import make

pytestmark = pytest.mark.django_db


def asked(user: User | AnonymousUser, query: str = "") -> HttpRequest:
    request = RequestFactory().get(f"/admin/{query}")
    request.user = user
    return request


def test_the_filter_names_the_volume_of_an_editor_of_two() -> None:
    one, other, foreign = (make.volume(number) for number in (247, 300, 666))
    user = make.editor("chair", one, other)
    chosen = {query: permissions.chosen_volume(asked(user, query)) for query in ("?volume=247", "?volume=300")}
    assert chosen == {"?volume=247": one, "?volume=300": other}
    for query in ("", "?volume=666", "?volume=", "?volume=x", "?volume=1234567890", f"?volume={foreign.pk + 900}"):
        assert permissions.chosen_volume(asked(user, query)) is None, query


def test_an_editor_of_one_volume_need_not_name_it() -> None:
    own, _foreign = make.volume(247), make.volume(666)
    user = make.editor("chair", own)
    assert permissions.chosen_volume(asked(user)) == own
    assert permissions.chosen_volume(asked(user, "?volume=666")) is None


def test_who_is_no_staff_has_no_volume() -> None:
    own = make.volume(247)
    user = make.editor("chair", own)
    assert list(permissions.own_volumes(asked(user))) == list(permissions.edited_volumes(asked(user))) == [own]
    User.objects.update(is_staff=False)
    for nobody in (User.objects.get(pk=user.pk), AnonymousUser()):
        assert not permissions.own_volumes(asked(nobody)).exists()
        assert not permissions.edited_volumes(asked(nobody)).exists()
        assert not permissions.has_admin_access(asked(nobody))


def test_an_assistant_sees_a_volume_and_does_not_edit_it() -> None:
    own, foreign = make.volume(247), make.volume(666)
    user = make.editor("helper")
    own.assistants.add(user)
    request = asked(user)
    assert list(permissions.own_volumes(request)) == [own]
    assert permissions.has_admin_access(request)
    assert not permissions.can_edit_any(request)
    assert [permissions.can_edit(request, volume.pk) for volume in (own, foreign)] == [False, False]
    assert not permissions.can_edit(request, None)


def test_an_editor_edits_their_own_volume_only() -> None:
    own, foreign = make.volume(247), make.volume(666)
    request = asked(make.editor("chair", own))
    assert permissions.edited_volume_ids(request) == {own.pk}
    assert [permissions.can_edit(request, pk) for pk in (own.pk, foreign.pk, None)] == [True, False, True]
