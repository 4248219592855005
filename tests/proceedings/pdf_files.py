"""PDFs of papers for tests: real and small, with title and authors on the first page."""

import io
from pathlib import Path

from reportlab.pdfgen.canvas import Canvas

from proceedings.models import Paper, Volume
from proceedings.publisher.rules import page_range


def pdf(*lines: str, pages: int = 1, title: str = "") -> bytes:
    """Returns a PDF with `lines` on its first page."""
    output = io.BytesIO()
    canvas = Canvas(output, invariant=1)
    canvas.setTitle(title)
    for number in range(pages):
        for place, line in enumerate(lines if number == 0 else [f"page {number + 1} of {lines[0]}"]):
            canvas.drawString(50, 780 - 20 * place, line)
        canvas.showPage()
    canvas.save()
    return output.getvalue()


def pdf_of(paper: Paper) -> bytes:
    """Returns a PDF with the title and authors of `paper`, and as many pages as its range."""
    first, last = page_range(paper.pages) or (1, 1)
    authors = ", ".join(author.display for author in paper.authors.all())
    return pdf(paper.title, authors, paper.key, pages=last - first + 1)


def write_pdfs(volume: Volume, folder: Path) -> None:
    """Writes the PDFs of all accepted papers of `volume` into `folder`."""
    folder.mkdir(exist_ok=True)
    for paper in volume.papers.filter(status=Paper.Status.ACCEPTED):
        (folder / f"{paper.key}.pdf").write_bytes(pdf_of(paper))
