"""A volume that is ready for the publisher, come about as volumes do: imported, signed, sealed, its PDFs attached."""

import io
from pathlib import Path

from django.core.management import call_command

from agreements.models import SigningSettings
from proceedings.models import Paper, Volume
from tests import make
from tests.proceedings.bib_files import bib, bring_in
from tests.proceedings.pdf_files import write_pdfs

VOLUME = r"""@Proceedings{TEST2026,
  booktitle = {Proceedings of the Test \& Trial Conference},
  name = {The Test \& Trial Conference},
  shortname = {TEST},
  year = {2026},
  editor = {Lee, Hung-yi and Bostr{\"o}m, Henrik},
  volume = {901},
  start = {2026-09-01},
  end = {2026-09-03},
  published = {2026-12-03},
  address = {Trondheim, Norway},
  conference_url = {https://test.example/~2026/},
  sections = {Talks|Notes}
}
"""
PAPERS = r"""
@InProceedings{angstrom26,
  title = {The {\"U}ber-Norm: {R}\&{D} for $\ell_1$ --- 5\% ``more''},
  author = {{\AA}ngstr{\"o}m, Zo{\"e} and de la Vall{\'e}e, Ren{\'e} and {ESA Group}},
  pages = {1--3},
  section = {Talks},
  abstract = {We show $x \in \lbrace 0,1 \rbrace$ and save 5\% of a_b.},
  software = {https://code.example/a}
}
@InProceedings{lewis26a,
  title = {Simplifying Training},
  author = {Lewis, Mike and Bhosale, Shruti},
  pages = {4--5},
  section = {Talks},
  abstract = {We train.}
}
@InProceedings{lewis26b,
  title = {Simplifying Training Once More},
  author = {Lewis, Mike},
  pages = {6--6},
  section = {Notes},
  abstract = {We train again.}
}
"""


def imported() -> Volume:
    """The volume with its papers and their corresponding authors, and terms."""
    bring_in(bib(PAPERS, volume=VOLUME))
    volume = Volume.objects.get(number=901)
    SigningSettings.objects.create(volume=volume, deadline=make.DEADLINE, reply_to="chair@desk.example")
    for paper in volume.papers.all():
        paper.authors.filter(position=1).update(is_corresponding=True, email=f"{paper.key}@author.example")
    return volume


def with_files(volume: Volume, folder: Path) -> None:
    """The papers' PDFs, and a supplement for one."""
    write_pdfs(volume, folder)
    (folder / "lewis26a-supp.zip").write_bytes(b"PK\x05\x06" + bytes(18))
    call_command("attach_files", str(volume.number), folder, stdout=io.StringIO())


def ready(folder: Path) -> Volume:
    """All signed and sealed, all files there."""
    volume = imported()
    with_files(volume, folder)
    for paper in volume.papers.all():
        make.agreement("sealed", of=paper)
    return volume


def deliver(to: Path, *options: str, number: int = 901) -> tuple[int, str]:
    """The exit status of ``deliver`` and what it says."""
    out = io.StringIO()
    try:
        call_command("deliver", str(number), *options, to=to, now=make.CLOSES.isoformat(), stdout=out)
    except SystemExit as stopped:
        return int(stopped.code or 0), out.getvalue()
    return 0, out.getvalue()


def tree(folder: Path) -> dict[str, bytes]:
    """Every file below `folder`, hidden ones too, with its bytes."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def paper(key: str) -> Paper:
    return Paper.objects.get(volume__number=901, key=key)
