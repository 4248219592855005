"""What we export passes the publisher's checks, once the product's own bulk correction has been applied."""

from pathlib import Path

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as profile
from hypothesis import strategies as st

from proceedings.bibtex.source import Source
from proceedings.delivery.fixes import apply_corrections
from proceedings.delivery.public_package import bibliography
from proceedings.delivery.volume_check import check_rows
from proceedings.models import Volume
from proceedings.publisher.title_words import LISTED
from tests import publisher_check
from tests.proceedings.bib_files import VOLUME, bib, bring_in, paper

pytestmark = pytest.mark.django_db
VOLUMES = Path(settings.BASE_DIR).parent / "shared" / "data" / "volumes"
FACTS = Path(__file__).parents[2] / "data"
NAMES = ["acml2025-v304", "colt2024-v247", "copa2024-v230", "l4dc2025-v283"]


def publishable(volume: Volume) -> list[str]:
    """Applies all proposed corrections, and returns what the publisher still rejects."""
    apply_corrections(volume)
    return publisher_check.lint_text(bibliography(volume, volume.papers.all())).errors


@pytest.mark.parametrize("name", NAMES)
def test_a_real_volume_is_publishable_after_the_bulk_correction(name: str) -> None:
    if not VOLUMES.is_dir():
        pytest.skip("the real volumes are not beside the repository")
    bring_in(Source.read(f"{name}.bib", (VOLUMES / f"{name}.bib").read_bytes()))
    volume = Volume.objects.get()
    assert publishable(volume) == []
    text = bibliography(volume, volume.papers.all())
    assert apply_corrections(volume).papers == [], "a second time, nothing is left to correct"
    assert bibliography(volume, volume.papers.all()) == text
    assert {one.rule for one in check_rows(volume).errors} <= {"missing-file"}


@pytest.mark.parametrize("name", NAMES)
def test_the_facts_of_a_real_volume_are_publishable_after_the_bulk_correction(name: str) -> None:
    bring_in(Source.read(f"{name}.bib", (FACTS / f"{name}-facts.bib").read_bytes()))
    assert publishable(Volume.objects.get()) == []


PIECES = st.sampled_from(
    [
        *sorted(LISTED), "{B}ayes", "{Gaussian}", "PAC-Bayes", "non-Gaussian", "Kullback--Leibler", r"$D_{KL}$", "LSTM",
        "gener- ation", "state- of-the-art", "of- magnitude", "pre- and post-training", "two- or threefold",
        "self- play", "low- rank", "a- b- c", "$n- k$", "5% more", r"5\% more", "A & B",
        r"A \& B", r"\$5", r"\$x^2\$", r"$x\_y$",
        r"a\_b", r"\textbackslash alpha", r"\textbackslash{}Users", r"$\left\{a\right\}$", "\ufb01ne", "\ufb05",
        "naïve", 'Schr{\\"o}dinger', "generation", "magnitude", "x", "{\\em so}", r"\{0,1\}",
    ]
)  # fmt: skip
TEXT = st.lists(PIECES, min_size=1, max_size=7).map(" ".join)
PROSE = st.lists(
    st.one_of(
        PIECES, st.sampled_from([r"\\", r"\\textbf{so}", r"$\begin{matrix}a & b\\c & d\end{matrix}$", r"\color{red}"])
    ),
    max_size=9,
).map(" ".join)
PARTS = st.sampled_from(["Lewis", "van der Last", "lewis", "Jean- pierre", "Li", "De Sa", "Ma", "ESA Group", "Smith-"])
NAME = st.builds("{}, {}".format, PARTS, PARTS)
SECTIONS = st.lists(st.sampled_from(["Talks", "Short=Short Papers", "Posters"]), unique=True, max_size=3)
SECTION = st.sampled_from(["", "Talks", "talks", "Short", "Short Papers", "Posters", "Other"])
EXTRA = st.dictionaries(
    st.sampled_from(["openreview", "software", "video", "abbr", "optnote", "booktitle"]),
    st.sampled_from(
        [
            "Ab3dEf9Gh1",
            "https://openreview.net/forum?id=Ab3dEf9Gh1",
            "https://a.example https://b.example",
            "An AI Title",
        ]
    ),
    max_size=3,
)
PAGES = st.sampled_from(["", "1--10", "1 - 13", "{4-24}", "{ 4 -- 24 }", "i--iv", "7"])


@st.composite
def entries(draw: st.DrawFn, number: int) -> str:
    more = [f"{name} = {{{value}}}" for name, value in draw(EXTRA).items()]
    more += [f"abstract = {{{draw(PROSE)}}}", f"section = {{{draw(SECTION)}}}"]
    names = " and ".join(draw(st.lists(NAME, min_size=1, max_size=3)))
    return paper(f"k{number}x25", draw(TEXT), names, draw(PAGES), "".join(f",\n  {one}" for one in more))


@st.composite
def volumes(draw: st.DrawFn) -> Source:
    sections = draw(SECTIONS)
    head = VOLUME.replace("  year", f"  sections = {{{'|'.join(sections)}}},\n  year") if sections else VOLUME
    if draw(st.booleans()):
        head = head.replace("  published = {2025-11-03},\n", "")
    head = head.replace("Proceedings of the Test", f"Proceedings of the {draw(st.sampled_from(['AI', 'Test']))}")
    count = draw(st.integers(1, 5))
    return bib(*(draw(entries(number)) for number in range(count)), volume=head)


@given(volumes())
@profile(suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
def test_a_generated_volume_is_publishable_after_the_bulk_correction(source: Source) -> None:
    with transaction.atomic():
        bring_in(source)
        volume = Volume.objects.get()
        assert publishable(volume) == []
        text = bibliography(volume, volume.papers.all())
        again = apply_corrections(volume)
        assert (again.papers, again.volume_changed) == ([], False)
        assert bibliography(volume, volume.papers.all()) == text
        assert {one.rule for one in check_rows(volume).errors} <= {"missing-file"}
        transaction.set_rollback(True)
