"""The build refuses what must not be published, each time, and what it builds is whole."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "book/_ext"))

from lossbook_site import figures, formulas, notebooks, repository  # noqa: E402

TOC = "format: jb-book\nroot: book/index\nchapters:\n- file: book/notebook\n"
PAGE = """# A book

A page whose first paragraph is long enough to describe it.

$$ a = b $$ (eq-a)

See {eq}`eq-a`.
"""
FAULTY = """# A book

{cite}`nobody1900nothing`, [a page](nowhere.md) and $\\frac{1$.
"""


def code_cell(count, *outputs, source="1 / 0", tags=()):
    return {
        "cell_type": "code",
        "execution_count": count,
        "metadata": {"tags": list(tags)},
        "outputs": list(outputs),
        "source": source,
    }


ERROR = {"output_type": "error", "ename": "ZeroDivisionError", "evalue": "division by zero", "traceback": []}


def write_notebook(path, *cells):
    title = {"cell_type": "markdown", "metadata": {}, "source": "# A notebook"}
    kernel = {"name": "python3", "display_name": "Python 3"}
    metadata = {"kernelspec": kernel, "language_info": {"name": "python", "pygments_lexer": "ipython3"}}
    notebook = {"cells": [title, *cells], "metadata": metadata, "nbformat": 4, "nbformat_minor": 4}
    path.write_text(json.dumps(notebook))


@pytest.fixture
def book(tmp_path):
    """A book of two pages, built as this one is."""
    (tmp_path / "book").mkdir()
    shutil.copy(ROOT / "_config.yml", tmp_path)
    for name in ("_ext", "_static"):
        (tmp_path / "book" / name).symlink_to(ROOT / "book" / name)
    (tmp_path / "book/references.bib").write_text("")
    (tmp_path / "_toc.yml").write_text(TOC)
    (tmp_path / "book/index.md").write_text(PAGE)
    write_notebook(tmp_path / "book/notebook.ipynb", code_cell(1, source="1 + 1"))
    return tmp_path


def build(book, **environment):
    """Exit code and output."""
    command = [sys.executable, ROOT / "tools/build.py", book]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def test_a_failed_notebook_fails_twice(book):
    write_notebook(book / "book/notebook.ipynb", code_cell(1, ERROR))
    for _ in range(2):
        code, output = build(book)
        assert code != 0
        assert "notebook" in output
        assert "cell 1 failed: ZeroDivisionError: division by zero" in output


def test_warnings_fail_twice(book):
    (book / "book/index.md").write_text(FAULTY)
    for _ in range(2):
        code, output = build(book)
        assert code != 0
        assert "nobody1900nothing" in output
        assert "nowhere.md" in output
        assert "index.md:3: WARNING: formula:" in output


def test_a_good_book_passes_twice_and_forgets_a_page_that_left(book):
    html = book / "_build/html"
    code, output = build(book, LOSSBOOK_REPOSITORY="https://github.com/owner/name")
    assert code == 0, output
    assert (html / "index.html").as_uri() in output
    assert "book/index.html" in (html / "index.html").read_text()
    first, notebook = (html / "book/index.html").read_text(), html / "book/notebook.html"
    assert '<meta name="description" content="A page whose first paragraph' in first
    assert 'class="katex"' in first
    assert "<math" in first
    assert "https://mybinder.org/v2/gh/owner/name/main?urlpath=lab/tree/book/notebook" in notebook.read_text()

    (book / "_toc.yml").write_text(TOC.split("chapters")[0])
    code, output = build(book, LOSSBOOK_REPOSITORY="")
    assert code == 0, output
    assert not notebook.exists()
    assert "github.com" not in (html / "book/index.html").read_text()


def test_a_page_in_the_cache_follows_the_others(book):
    bib = "@book{somebody2000something, author={Some Body}, title={Something}, publisher={House}, year={2000}}"
    (book / "book/references.bib").write_text(bib)
    (book / "_toc.yml").write_text(TOC + "- file: book/works\n")
    (book / "book/works.md").write_text("# Works\n\nAll the works that the pages cite.\n\n```{bibliography}\n```\n")
    (book / "book/index.md").write_text(PAGE + "\n{cite}`somebody2000something`\n")
    assert build(book)[0] == 0
    works = book / "_build/html/book/works.html"
    assert "Something" in works.read_text()

    (book / "book/index.md").write_text(PAGE.replace("# A book", "# Another name"))
    code, output = build(book)
    assert code == 0, output
    assert "Another name" in works.read_text()
    assert "Something" not in works.read_text()


ADDRESSES = {
    "https://github.com/owner/name": "https://github.com/owner/name",
    "https://github.com/owner/name.git\n": "https://github.com/owner/name",
    "https://github.com/owner/name/": "https://github.com/owner/name",
    "https://user:token@github.com/owner/name.git": "https://github.com/owner/name",
    "https://x-access-token:abc@github.com/owner/name": "https://github.com/owner/name",
    "git@github.com:owner/name.git": "https://github.com/owner/name",
    "ssh://git@github.com:22/owner/name.git": "https://github.com/owner/name",
    "git://github.com/owner/name.git": "https://github.com/owner/name",
    "https://GitHub.com/Owner/Name": "https://github.com/Owner/Name",
    "git@gitlab.com:group/sub/name.git": "https://gitlab.com/group/sub/name",
    "https://code.example.org:8443/owner/na.me.git": "https://code.example.org:8443/owner/na.me",
    "http://code.example.org/owner/name": "http://code.example.org/owner/name",
    "github.com/owner/name": "https://github.com/owner/name",
    "/srv/git/name.git": "",
    "../name.git": "",
    "file:///srv/git/name.git": "",
    "https://github.com/owner": "",
    "https://github.com/owner/na me": "",
    'https://github.com/owner/"><script>': "",
    "": "",
}


@pytest.mark.parametrize(("address", "expected"), ADDRESSES.items())
def test_addresses_are_normalised(address, expected):
    assert repository.normalise(address) == expected


def test_address_comes_from_the_variable_then_from_git(tmp_path, monkeypatch):
    monkeypatch.delenv("LOSSBOOK_REPOSITORY", raising=False)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert repository.find(tmp_path) == ""
    subprocess.run(["git", "init", "-q", tmp_path], check=True)
    assert repository.find(tmp_path) == ""
    remote = ["remote", "add", "origin", "git@gitlab.com:owner/name.git"]
    subprocess.run(["git", "-C", tmp_path, *remote], check=True)
    assert repository.find(tmp_path) == "https://gitlab.com/owner/name"
    monkeypatch.setenv("LOSSBOOK_REPOSITORY", "https://github.com/owner/name")
    assert repository.find(tmp_path) == "https://github.com/owner/name"


def test_buttons_fit_the_host():
    def shown(address, page):
        return {text: url for text, url, _ in repository.links(address, "a/b", page)}

    github = shown("https://github.com/owner/name", "book/x.ipynb")
    assert github["Source of this page"] == "https://github.com/owner/name/blob/a/b/book/x.ipynb"
    assert github["Run on Binder"] == "https://mybinder.org/v2/gh/owner/name/a%2Fb?urlpath=lab/tree/book/x.ipynb"
    gitlab = shown("https://gitlab.com/group/sub/name", "book/x.ipynb")
    assert gitlab["Report a mistake"].startswith("https://gitlab.com/group/sub/name/-/issues/new?issue[title]=")
    assert "/v2/gl/group%2Fsub%2Fname/a%2Fb?" in gitlab["Run on Binder"]
    assert "Run on Binder" not in shown("https://github.com/owner/name", "book/x.md")
    assert list(shown("https://code.example.org/owner/name", "book/x.ipynb")) == ["Repository"]


def test_notebook_faults_are_found():
    def found(*cells):
        return [reason for _, reason in notebooks.faults(cells)]

    good = code_cell(1), code_cell(None, source=" \n"), code_cell(2, ERROR, tags=["raises-exception"])
    assert found(*good) == []
    order = "where a run from top to bottom gives"
    assert found(code_cell(None)) == [f"was not run, {order} 1"]
    assert found(code_cell(2), code_cell(3)) == [f"has execution count 2, {order} 1"]
    assert found(code_cell(1), code_cell(1)) == [f"has execution count 1, {order} 2"]
    assert found(code_cell(1, ERROR)) == ["failed: ZeroDivisionError: division by zero"]


FORMULAS = {
    r"\operatorname*{arg\,min}_\theta \boldsymbol\theta^\top\bigl(x\bigr)": False,
    r"\begin{align}a &= b\\c &= d\end{align}": True,
    r"\begin{cases}1 & x>0\\0 & \text{otherwise}\end{cases}": False,
    "a &= b \\\\\nc &= d": False,
    "a\n\nb": False,
    "x\\label{eq-x}": False,
}


@pytest.mark.parametrize(("tex", "environment"), FORMULAS.items())
def test_formulas_are_set(tex, environment):
    html = formulas.render(formulas.display_tex(tex, environment), True)
    assert "<math" in html
    assert "katex-error" not in html
    assert 'class="tag"' not in html  # the number is Sphinx's


def test_a_bad_formula_is_refused():
    with pytest.raises(ValueError, match="expected '}'"):
        formulas.render(r"\frac{1", False)


def test_figures_turn_dark_once():
    paths = '<path style="fill: #ffffff; stroke: #000000"/><path style="fill: #0072b2"/>'
    svg = f"<svg><!-- matplotlib --><defs></defs>{paths}</svg>"
    dark = figures.with_dark_style(svg)
    assert '[style*="fill: #ffffff"]{fill:#121212!important}' in dark
    assert '[style*="stroke: #000000"]{stroke:#e0e0e0!important}' in dark
    assert dark.count("0072b2") == 1
    assert figures.with_dark_style(dark) == dark
