"""What the book adds to Jupyter Book, one concern a module."""

from . import figures, folding, formulas, notebooks, pages, repository, scripts, theme


def setup(app):
    for part in (figures, folding, formulas, notebooks, pages, repository, scripts, theme):
        part.setup(app)
    # The engine that runs KaTeX does not survive a fork.
    return {"parallel_read_safe": True, "parallel_write_safe": False}
