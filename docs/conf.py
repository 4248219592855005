"""How Sphinx builds these pages. Two of them are written anew before each build, by `generate`."""

import sys
from pathlib import Path

from sphinx.application import Sphinx

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))

import generate  # noqa: E402 - it lies beside this file, which is on the path only now

project = "Proceedings"
author = "The authors of Proceedings"
copyright = "BSD 3-Clause"  # noqa: A001 - the name is Sphinx's
language = "en"

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
source_suffix = {".md": "markdown"}
# Parts of pages, which the pages include.
exclude_patterns = ["_build", "generated"]
nitpicky = True

html_theme = "furo"
html_title = "Proceedings"
html_show_sphinx = False
html_copy_source = False


def write_generated(_app: Sphinx) -> None:
    """Writes what the code says about itself, before Sphinx reads the pages that include it."""
    generate.write(HERE / "generated")


def setup(app: Sphinx) -> dict[str, bool]:
    app.connect("builder-inited", write_generated)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
