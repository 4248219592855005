"""Overview, packages and the publisher check agree about every volume: what is ready, and how many errors there are."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agreements import lifecycle
from agreements.dashboard import overview, precheck
from agreements.dashboard.blockers import BLOCKER_INFO, find_blockers
from agreements.dashboard.paper_state import accepted_papers, build_rows
from agreements.delivery import packages
from agreements.domain.states import Status
from agreements.jobs import scheduled
from agreements.models import Agreement
from proceedings.delivery.volume_check import check_rows
from proceedings.models import NameReview, Paper, PaperFile, Volume
from tests import make
from tests.make import NOW

pytestmark = pytest.mark.django_db
LATER = NOW + timedelta(days=300)
"""A signature is about to lapse by then."""
OWN = [
    {},
    {"address": ""},
    {"published": "2026-12-01"},
    {"sections": ["Talks"]},
    {"sections": ["Talks", "Posters"]},
    {"address": "中"},
    {"extra": {"published": "soon"}},
]
"""What may be wrong with the volume's own entry."""
TROUBLES: dict[str, dict[str, Any]] = {
    "none": {},
    "no pages": {"pages": ""},
    "overlap": {"pages": "1--3"},
    "double backslash": {"abstract": r"a \\ b"},
    "unwritable": {"abstract": "中"},
    "unwritable extra": {"extra": {"note": "中"}},
    "wrap": {"abstract": "pre- and post-training"},
    "section": {"section": "Talks"},
    "another title": {"title": "Another", "title_latex": "Another"},
    "withdrawn": {"status": Paper.Status.WITHDRAWN},
}
STATUSES = [None, *Status]

papers = st.lists(
    st.tuples(st.sampled_from(STATUSES), st.sampled_from(sorted(TROUBLES)), st.sampled_from([0, 2, 9]), st.booleans()),
    max_size=4,
)
sealed = st.lists(
    st.tuples(
        st.sampled_from([Status.SEALED, Status.WAIVED]), st.sampled_from(sorted(TROUBLES)), st.just(2), st.just(False)
    ),
    min_size=1,
    max_size=3,
)


def build(of: list[tuple[str | None, str, int, bool]], own: dict[str, Any]) -> Volume:
    """Builds a volume: per paper the agreement's status, what is wrong, pages of its PDF, and a wrong name."""
    volume = make.volume(901)
    details = {
        "start": "2026-06-01",
        "end": "2026-06-03",
        "address": "Trondheim",
        "conference_url": "https://c.example",
    }
    Volume.objects.filter(pk=volume.pk).update(**{**details, "editor_names": ["Lee, Ann"], **own})
    for number, (status, trouble, pages, wrong) in enumerate(of):
        first = 2 * number + 1
        paper = make.paper(volume, key=f"lewis26-{number}x", title=f"Title {number}", pages=f"{first}--{first + 1}")
        if status:
            make.agreement(status, of=paper)
        if pages:
            PaperFile.objects.create(
                paper=paper, kind="paper", extension="pdf", original_name="x.pdf", stored_as="x", size=1, crc32=1,
                pages=pages, sha256=f"{number:064}", first_page="x",
            )  # fmt: skip
        if wrong and not NameReview.objects.filter(volume=volume).exists():
            NameReview.objects.create(volume=volume, given="Mike", family="Lewis", reason="odd", grave=True)
        Paper.objects.filter(pk=paper.pk).update(**TROUBLES[trouble])
        if trouble == "withdrawn":
            lifecycle.withdraw_paper(paper.pk, by="editor:ed", now=NOW)
    return Volume.objects.get(pk=volume.pk)


@given(st.one_of(papers, sealed), st.sampled_from(OWN))
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_overview_packages_and_check_agree(of: list[tuple[str | None, str, int, bool]], own: dict[str, Any]) -> None:
    with transaction.atomic():
        volume = build(of, own)
        precheck.check_due(scheduled.fixed_clock(NOW))
        volume = Volume.objects.get(pk=volume.pk)
        for now in (NOW, LATER):
            shown = overview.build_overview(volume, now)
            delivery = packages.prepare_delivery(volume, now.date())
            report = check_rows(volume)

            taken = {one.paper.key for one in delivery.ready_agreements} - {one.key for one in delivery.with_errors}
            rows = build_rows(accepted_papers(volume), volume.signing_settings)
            assert {row.key for row in rows if overview.is_ready(row.paper_state)} == taken
            assert shown.ready == delivery.ready_papers == len(taken)
            assert shown.complete == delivery.ready
            assert shown.errors == len(report.errors) == len(delivery.report.errors)
            for row in rows:
                blockers = find_blockers(row.paper_state, now)
                blocked = any(BLOCKER_INFO[one].blocks_delivery for one in blockers)
                assert overview.is_ready(row.paper_state) != blocked, blockers
            if delivery.ready:
                list(packages.public_files(delivery))
        transaction.set_rollback(True)
    assert not Agreement.objects.filter(volume_number=901).exists()
