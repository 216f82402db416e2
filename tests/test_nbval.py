"""The comparison of the notebooks' outputs forgives coordinates, and nothing else."""

import io
import re
import subprocess
import sys
from pathlib import Path

import matplotlib.pyplot as plt
import nbformat
from nbformat.v4 import new_code_cell, new_notebook, new_output

SANITIZE = Path(__file__).with_name("nbval_sanitize.cfg")


def draw():
    """Draw a figure with whatever has coordinates: curve, markers, hatch, image, math."""
    with plt.style.context(["default", {"svg.fonttype": "path", "svg.hashsalt": "book"}]):
        figure, (left, right) = plt.subplots(1, 2, figsize=(4, 2))
        left.plot([0, 1, 2, 3], [0, 1, 4, 9], label="mse")
        left.scatter([0, 1], [1, 2])
        left.fill_between([0, 1], [0, 1], hatch="//")
        left.set_ylabel(r"$\hat y - y$")
        left.legend()
        right.imshow([[0, 1], [2, 3]])
        text = io.StringIO()
        figure.savefig(text, format="svg", metadata={"Date": None}, bbox_inches="tight")
        plt.close(figure)
    return text.getvalue()


def nudge(svg):
    """Move every coordinate a little, as another processor may, and with it the names made of them."""

    def move(found):
        return re.sub(r"\d+\.\d+", lambda number: f"{float(number.group()) + 0.000017:.6f}", found.group())

    svg = re.sub(r'(?<=\bd=")[^"]+|\b(?:x|y|viewBox|width)="[^"]+"|translate\([^)]+\)', move, svg)
    svg = re.sub(r"\b((?:[pmh]|image)(?=[\da-f]{10}\b))\w{3}", r"\1abc", svg)
    return re.sub(r"base64,\s*(\w{90})", lambda found: found.group().replace("A", "B"), svg)


def cell(source, *outputs):
    """Return a cell that claims to have been run and to have had these outputs."""
    return new_code_cell(source, execution_count=1, outputs=list(outputs))


def shown(svg):
    """Return a cell that shows the figure, and as its committed output this one."""
    source = "display({'image/svg+xml': open('figure.svg').read()}, raw=True)"
    return cell(source, new_output("display_data", data={"image/svg+xml": svg}))


def printed(text, source="print(0.25)"):
    """Return a cell that prints, and as its committed output this text."""
    return cell(source, new_output("stream", name="stdout", text=text))


def run(folder, svg, cells):
    """Compare a notebook of these cells with what they do here; return what was said of each."""
    (folder / "pytest.ini").write_text("[pytest]\n", "utf8")
    (folder / "figure.svg").write_text(svg, "utf8")
    nbformat.write(new_notebook(cells=list(cells.values())), folder / "outputs.ipynb")
    command = [
        sys.executable,
        "-m",
        "pytest",
        "outputs.ipynb",
        "--nbval",
        "--nbval-current-env",
        "-rA",
        "--tb=no",
    ]
    command += ["--nbval-sanitize-with", str(SANITIZE), "-c", "pytest.ini", "-p", "no:cacheprovider"]
    said = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120).stdout
    verdicts = re.findall(r"^(PASSED|FAILED) outputs\.ipynb::Cell (\d+)", said, re.MULTILINE)
    assert len(verdicts) == len(cells), said
    found = {int(number): verdict for verdict, number in verdicts}
    return {name: found[number] for number, name in enumerate(cells)}


def test_forgives_coordinates_and_nothing_else(tmp_path):
    svg = draw()
    (curve,) = re.findall(r"(?<=<path d=\")M [\d. ]+\n(?:L [\d. ]+\n){3}(?=\" clip-path)", svg)
    warn = "import warnings; warnings.warn('often')"
    warning = "/tmp/ipykernel_1/2.py:1: UserWarning: often\n  import warnings; warnings.warn('often')\n"
    right = {
        "same figure": shown(svg),
        "nudged figure": shown(nudge(svg)),
        "same number": printed("0.25\n"),
        "temporary path": cell(warn, new_output("stream", name="stderr", text=warning)),
    }
    wrong = {
        "another label": shown(svg.replace("<!-- mse -->", "<!-- mae -->")),
        "another tick": shown(svg.replace("<!-- 0 -->", "<!-- 1 -->", 1)),
        "another colour": shown(svg.replace("stroke: #1f77b4", "stroke: #2f77b4", 1)),
        "a point less": shown(svg.replace(curve, re.sub(r"\nL .*", "", curve, count=1))),
        "another number": printed("0.26\n"),
        "no output": cell("print(0.25)"),
    }
    assert run(tmp_path, svg, right | wrong) == dict.fromkeys(right, "PASSED") | dict.fromkeys(wrong, "FAILED")


def test_nudging_moves_the_figure():
    svg = draw()
    moved = nudge(svg)
    assert svg != moved
    assert len(svg.splitlines()) == len(moved.splitlines())
