"""The desk of tests."""

import pytest
from django.test import Client

from agreements import bulk, packing, proposals
from proceedings.models import Paper, User, Volume
from tests import make
from tests.agreements.desk import House, assistant_of, desk_of


@pytest.fixture
def house() -> House:
    own = make.volume(247)
    make.agreement("sealed", of=make.paper(own, title="At home"))
    foreign = make.volume(666, reply_to="zanzibar@desk.example")
    Volume.objects.filter(pk=foreign.pk).update(name="Zanzibar Conference", shortname="Zanzibar")
    foreign.refresh_from_db()
    paper = make.paper(foreign, title="Zanzibar", key="zanzibar26", contact="zanzibar@example.org")
    paper.authors.update(family="Zanzibar")
    make.agreement("sealed", of=Paper.objects.get(pk=paper.pk))
    waiting = make.paper(foreign, title="Zanzibar waits", key="zanzibar26b", contact="zanzibar@example.org")
    waits = proposals.accept(make.somebody_else(make.agreement("issued", of=waiting)), by="editor:z", now=make.NOW)
    make.proposal(waits, note="Zanzibar", title="Zanzibar, again")
    packing.order(foreign, partial=True, by="editor:zanzibar", now=make.NOW)
    for volume in (own, foreign):
        bulk.order(volume, "void", [], reason="Zanzibar" * (volume == foreign), data={}, user=None, by="", now=make.NOW)
    return House(
        own=own,
        foreign=foreign,
        boss=User.objects.create_superuser("boss"),
        editor=make.editor("ed", own),
        stranger=make.editor("zanzibar-editor", foreign),
        nobody=make.editor("nobody"),
        assistant=assistant_of(foreign),
        helper=assistant_of(own, "helper"),
    )


@pytest.fixture
def desk() -> Client:
    return desk_of(make.editor("ed", make.the_volume()))
