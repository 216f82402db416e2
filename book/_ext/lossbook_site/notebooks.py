"""A committed notebook that failed, or was not run in one go, stops the build."""

import json
from pathlib import Path

from sphinx.errors import SphinxError
from sphinx.util import logging

logger = logging.getLogger(__name__)


class NotebookError(SphinxError):
    category = "Notebook error"


def faults(cells):
    """What keeps these cells from standing in the book, as (index of the cell, reason)."""
    cells = [(index, cell) for index, cell in enumerate(cells) if cell["cell_type"] == "code"]
    cells = [(index, cell) for index, cell in cells if "".join(cell["source"]).strip()]
    for expected, (index, cell) in enumerate(cells, start=1):
        count = cell.get("execution_count")
        if count != expected:
            found = f"has execution count {count}" if count else "was not run"
            yield index, f"{found}, where a run from top to bottom gives {expected}"
            break  # so are those after it
    for index, cell in cells:
        if "raises-exception" in cell["metadata"].get("tags", []):
            continue
        for output in cell["outputs"]:
            if output["output_type"] == "error":
                yield index, f"failed: {output['ename']}: {output['evalue']}"


def check(app, env, docnames):
    """Every notebook, also one that did not change: a second build must fail as the first did."""
    failed = 0
    for docname in sorted(env.found_docs):
        path = Path(env.doc2path(docname))
        if path.suffix != ".ipynb":
            continue
        for index, reason in faults(json.loads(path.read_text("utf-8"))["cells"]):
            failed += 1
            logger.error("cell %d %s", index, reason, location=docname)
    if failed:
        raise NotebookError(f"faults of committed notebooks: {failed}; run them again")


def setup(app):
    app.connect("env-before-read-docs", check)
