"""Run notebooks top to bottom in a fresh kernel, in place, and show what their text outputs changed.

``make execute`` runs all of them, ``make execute NB=book/….ipynb`` one. A notebook that fails is left as
it was. With ``--check`` nothing is run: it says which committed notebook is not as this script leaves it.
"""

import argparse
import copy
import difflib
import os
import re
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import ipykernel.kernelspec
import nbformat
from jupyter_client.kernelspec import KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

ROOT = Path(__file__).resolve().parent.parent
BOOK = ROOT / "book"
SECONDS_A_CELL = 300

KERNELSPEC = {"display_name": "Python 3", "language": "python", "name": "python3"}
LANGUAGE_INFO = {"name": "python"}

# What editors and extensions leave behind in the metadata of notebooks and cells.
LEFTOVERS = {
    "ExecuteTime", "accelerator", "celltoolbar", "colab", "collapsed", "execution", "hide_input", "id",
    "jp-MarkdownHeadingCollapsed", "orig_nbformat", "outputId", "papermill", "pycharm", "scrolled", "toc",
    "toc-autonumbering", "varInspector", "vscode", "widgets",
}  # fmt: skip

WIDGET = "application/vnd.jupyter.widget-view+json"
MACHINE_PATH = re.compile(r"(?<![\w.])(?:/home/|/root/|/Users/|/tmp/|/var/folders/|/\S+/site-packages/)")
ANSI = re.compile(r"\x1b\[[0-9;]*m")


class RunningInterpreter(KernelSpecManager):
    """Finds one kernel, this Python, whatever the machine's other kernels are called."""

    def get_kernel_spec(self, kernel_name):
        """Return the specification of this Python's kernel."""
        return self.kernel_spec_class(**ipykernel.kernelspec.get_kernel_dict(["--log-level=ERROR"]))


def environment():
    """Return the environment that notebooks are run in: figures inline, one order of sets, no bars."""
    chosen = {name: value for name, value in os.environ.items() if name != "MPLBACKEND"}
    defaults = {"KERAS_BACKEND": "torch", "OMP_NUM_THREADS": "1"}
    return defaults | chosen | {"PYTHONHASHSEED": "0", "TQDM_DISABLE": "1"}


def run(notebook, folder):
    """Run a notebook in place of its outputs; nbclient's errors name the cell."""
    manager = AsyncKernelManager(kernel_spec_manager=RunningInterpreter())
    client = NotebookClient(
        notebook,
        km=manager,
        timeout=SECONDS_A_CELL,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
    )
    with tempfile.TemporaryDirectory() as empty:  # neither a reader's IPython settings nor their history
        client.execute(env=environment() | {"IPYTHONDIR": empty}, cleanup_kc=True)


def normalise(notebook):
    """Drop what differs between editors and machines, in place."""
    notebook.metadata = {k: v for k, v in notebook.metadata.items() if k not in LEFTOVERS}
    notebook.metadata |= {"kernelspec": KERNELSPEC, "language_info": LANGUAGE_INFO}
    for cell in notebook.cells:
        cell.metadata = {k: v for k, v in cell.metadata.items() if k not in LEFTOVERS}
        if cell.cell_type == "code":
            cell.outputs = merge_streams(cell.outputs)
            for output in cell.outputs:
                if output.output_type == "error":
                    output.traceback = [entry for entry in output.traceback if not is_library_frame(entry)]


def merge_streams(outputs):
    """Join neighbouring pieces of one stream: where it was cut is chance."""
    merged = []
    for output in outputs:
        last = merged[-1] if merged else None
        if last and output.output_type == last.output_type == "stream" and output.name == last.name:
            last.text += output.text
        else:
            merged.append(output)
    return merged


def is_library_frame(entry):
    """Whether an entry of a traceback shows a library's code: a page needs the reader's lines and the message."""
    return ANSI.sub("", entry).strip().startswith(("File ", "[... skipping hidden"))


def text_of(notebook):
    """Return the outputs as lines to compare: text as it stands, figures by name only."""
    lines = []
    for number, cell in enumerate(code_cells(notebook)):
        for output in cell.outputs:
            lines.append(f"[cell {number}] {output.get('name', output.output_type)}")
            if output.output_type == "stream":
                lines += output.text.splitlines()
            elif output.output_type == "error":
                lines.append(f"{output.ename}: {output.evalue}")
            else:
                for kind, value in sorted(output.data.items()):
                    lines += value.splitlines() if kind == "text/plain" else [f"({kind})"]
    return lines


def figures_of(notebook):
    """Return what is shown but not read, as (cell, kind, content)."""
    return [
        (number, kind, value)
        for number, cell in enumerate(code_cells(notebook))
        for output in cell.outputs
        for kind, value in output.get("data", {}).items()
        if kind != "text/plain"
    ]


def difference(before, after):
    """Return the lines that tell what changed between the outputs of two runs."""
    lines = list(difflib.unified_diff(text_of(before), text_of(after), "committed", "now", lineterm="", n=1))
    known = {(number, kind, str(value)) for number, kind, value in figures_of(before)}
    for number, kind, value in figures_of(after):
        if (number, kind, str(value)) not in known:
            lines.append(f"[cell {number}] {'figure' if kind.startswith('image/') else kind} changed")
    return lines


def code_cells(notebook):
    """Return the cells that run, numbered from 0 as the tests number them."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def complaints(notebook):
    """Return what no committed notebook may hold, each with the cell it stands in."""
    found = []
    counts = [cell.execution_count for cell in code_cells(notebook) if cell.source.strip()]
    if counts != list(range(1, len(counts) + 1)):
        found.append("was not run top to bottom in one go")
    for number, cell in enumerate(code_cells(notebook)):
        tags = cell.metadata.get("tags", [])
        raised = any(output.output_type == "error" for output in cell.outputs)
        if raised != ("raises-exception" in tags):
            found.append(f"cell {number} {'raised' if raised else 'did not raise, although it is tagged so'}")
        for output in cell.outputs:
            if output.get("name") == "stderr" and not {"raises-exception", "stderr-expected"} & set(tags):
                found.append(f"cell {number} wrote to stderr: {output.text.strip()[:300]}")
            if WIDGET in output.get("data", {}):
                found.append(f"cell {number} shows a widget, which is dead without a kernel")
            for text in readable(output):
                if place := MACHINE_PATH.search(ANSI.sub("", text)):
                    found.append(f"cell {number} names a folder of one machine: {place.group()}…")
                    break
    return found


def readable(output):
    """Return an output's texts as a reader sees them."""
    return [output.get("text", ""), output.get("evalue", ""), *output.get("traceback", [])] + [
        value for kind, value in output.get("data", {}).items() if kind.startswith("text/")
    ]


def execute(path):
    """Run one notebook and write it if it is sound; return whether it is, and what to print."""
    committed = nbformat.read(path, as_version=4)
    notebook = copy.deepcopy(committed)
    try:
        run(notebook, path.parent)
    except (CellExecutionError, CellTimeoutError, DeadKernelError) as failure:
        return False, [ANSI.sub("", str(failure)).strip()]
    normalise(notebook)
    if found := complaints(notebook):
        return False, found
    text = nbformat.writes(notebook) + "\n"
    if text != path.read_text("utf8"):
        path.write_text(text, "utf8")
    return True, difference(committed, notebook)


def check(path):
    """Tell, without running it, whether a notebook is as `execute` leaves it."""
    text = path.read_text("utf8")
    notebook = nbformat.reads(text, as_version=4)
    found = complaints(notebook)
    normalise(notebook)
    if nbformat.writes(notebook) + "\n" != text:
        found.append("is not normalised: make execute NB=…")
    return not found, found


def notebooks(named):
    """Return the notebooks to treat: those named, or all of the book."""
    found = [Path(name).resolve() for name in named] or sorted(BOOK.rglob("*.ipynb"))
    return [path for path in found if ".ipynb_checkpoints" not in path.parts]


def main():
    """Treat each notebook, report on each, and fail if one failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("notebook", nargs="*", help="a notebook; without one, all under book/")
    parser.add_argument("--check", action="store_true", help="run nothing, only look")
    parser.add_argument("--jobs", type=int, default=2, help="how many to run at a time (default 2)")
    options = parser.parse_args()

    paths = notebooks(options.notebook)
    treat, jobs = (check, 1) if options.check else (execute, options.jobs)
    failures = 0
    with ThreadPoolExecutor(jobs) as pool:
        for path, (sound, lines) in zip(paths, pool.map(treat, paths), strict=True):
            failures += not sound
            if not sound or not options.check:
                print(f"{os.path.relpath(path)}:{'' if sound else ' FAILED'}{'' if lines else ' unchanged'}")
                print("".join(f"    {line}\n" for line in "\n".join(lines).splitlines()), end="", flush=True)
    print(f"{len(paths) - failures} of {len(paths)} notebooks {'are sound' if options.check else 'ran'}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
