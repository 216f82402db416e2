"""Where the built book is, and which pages it has."""

import os
from pathlib import Path

SITE = Path(os.environ.get("LOSSBOOK_SITE", Path(__file__).parents[2] / "_build/html")).resolve()


def pages():
    """Every page, relative to the book's folder; the root's index.html only leads to the first."""
    found = sorted(path.relative_to(SITE).as_posix() for path in SITE.rglob("*.html"))
    return [path for path in found if path != "index.html" and not path.startswith("_static/")]
