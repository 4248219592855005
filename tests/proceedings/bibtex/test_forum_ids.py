"""OpenReview's forum ids, bare from every way to write them; the migration that shortens stored addresses."""

import importlib

import pytest
from django.apps import apps
from hypothesis import given
from hypothesis import strategies as st

from proceedings.bibtex.forum_ids import read_forum_id, with_bare_forum_id
from proceedings.models import Paper
from tests import make

IDS = st.text("ABCabc019_-", min_size=5, max_size=12)
WRITTEN = [
    "{}",
    " {} ",
    "{{{}}}",
    "https://openreview.net/forum?id={}",
    "http://www.openreview.net/forum?id={}",
    "openreview.net/forum?id={}",
    "https://openreview.net/pdf?id={}",
    "https://openreview.net/attachment?id={}&name=supplementary_material",
    "https://openreview.net/forum?noteId=Zz9Zz9Zz&id={}",
    "https://openreview.net/forum?id={}&noteId=Zz9Zz9Zz",
    "https://openreview.net/forum?id={}#discussion",
    "https://openreview.net/forum?id={}&amp;noteId=Zz9Zz9Zz",
    "\\url{{https://openreview.net/forum?id={}}}",
    "https://openreview.net/forum?id={}/",
]


@given(IDS, st.sampled_from(WRITTEN))
def test_the_id_is_read_from_every_address(forum: str, written: str) -> None:
    assert read_forum_id(written.format(forum)) == forum
    assert read_forum_id(written.format(forum.replace("_", "\\_"))) == forum


@pytest.mark.parametrize(
    "text",
    ["", "ab", "https://openreview.net/", "https://example.org/forum?id=Abc123", "two words", "a" * 99],
)
def test_what_is_no_id_is_left_as_it_is(text: str) -> None:
    assert read_forum_id(text) == ""
    assert with_bare_forum_id({"openreview": text}) == {"openreview": text}


@given(st.text(max_size=80))
def test_any_text_is_read_or_not(text: str) -> None:
    forum = read_forum_id(text)
    assert forum == "" or read_forum_id(forum) == forum


@pytest.mark.django_db
def test_the_migration_shortens_stored_addresses() -> None:
    stored = ["https://openreview.net/forum?id=AbC_1-x", "AbC_1-y", "nowhere else", None]
    papers = [make.paper() for _ in stored]
    for paper, value in zip(papers, stored, strict=True):
        Paper.objects.filter(pk=paper.pk).update(extra={"openreview": value, "video": "https://v.example"})
    untouched = make.paper()
    importlib.import_module("proceedings.migrations.0006_bare_forum_ids").shorten(apps, None)
    after = [Paper.objects.get(pk=paper.pk).extra["openreview"] for paper in papers]
    assert after == ["AbC_1-x", "AbC_1-y", "nowhere else", None]
    assert Paper.objects.get(pk=untouched.pk).extra == {}
