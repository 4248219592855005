"""What goes to the publisher: a partial delivery leaves out what cannot be written, and takes the rest."""

from datetime import date

import pytest

from agreements.delivery import packages
from proceedings.models import Paper, Volume
from tests import make

pytestmark = pytest.mark.django_db

TODAY = date(2026, 12, 1)


def two_sealed() -> Volume:
    volume = make.volume()
    for position, key in enumerate(("lewis26a", "lewis26b"), start=1):
        paper = make.paper(volume, key=key, abstract="We train.", pages=f"{position}--{position}")
        make.agreement("sealed", of=paper)
    return volume


def test_a_paper_that_cannot_be_written_is_left_out_of_a_partial_delivery() -> None:
    volume = two_sealed()
    Paper.objects.filter(key="lewis26b").update(abstract="We train 中.")
    delivery = packages.prepare(volume, TODAY)
    assert [one.paper.key for one in delivery.cleared] == ["lewis26a"]
    ((paper, reason),) = delivery.blocked
    assert paper.key == "lewis26b"
    assert reason.startswith("abstract: ")
    assert [record.key for record in delivery.records] == ["lewis26a"]
    first, *_ = packages.public(delivery)
    assert first.name == "v247.bib"


def test_what_is_wrong_with_the_volume_itself_blocks_no_paper() -> None:
    volume = two_sealed()
    Volume.objects.filter(pk=volume.pk).update(address="中")
    delivery = packages.prepare(Volume.objects.get(pk=volume.pk), TODAY)
    assert [one.paper.key for one in delivery.cleared] == ["lewis26a", "lewis26b"]
    assert delivery.blocked == []
    assert any(finding.field == "address" for finding in delivery.findings)
    assert not delivery.ready
