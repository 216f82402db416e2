"""The reference pages agree with the chapters and with the package."""

import inspect
import os
import re

import pytest
import yaml
from reading import BOOK, prose, read_cells

import lossbook
from lossbook import check, clinic, datasets, exercises, inspection, interactive, plotting, training

HELPERS = (check, clinic, inspection, datasets, training, plotting, interactive, exercises)
TOC = yaml.safe_load((BOOK.parent / "_toc.yml").read_text("utf8"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.S)


def public(module):
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and callable(thing) and getattr(thing, "__module__", "") == module.__name__
    ]


def chapter_pages():
    """Every page of the eight chapters, in the order of the book."""
    for chapter in TOC["chapters"]:
        for part in (chapter, *chapter.get("sections", [])):
            path = BOOK.parent / f"{part['file']}.ipynb"
            if path.parent.parent == BOOK and path.parent.name[0].isdigit():
                yield path


def words(path):
    return " ".join(" ".join(prose(read_cells(path))).lower().replace("**", "").split())


def formulas(path):
    """All that a page sets as math, as TeX's tokens without words and layout; ";" stands between formulas."""
    math = " ; ".join(a or b for text in prose(read_cells(path)) for a, b in FORMULA.findall(text))
    return tokens(re.sub(r"\\(?:text|mathrm|operatorname|begin|end)\{[^}]*\}|\\[,;!]|&", " ", math))


def tokens(math):
    return re.findall(r"\\[a-zA-Z]+|\S", math)


def bold(path):
    """The terms set in bold, without a symbol in front: a $\\tau$-quantile is a quantile."""
    spans = [span for text in prose(read_cells(path)) for span in re.findall(r"\*\*([^*]+)\*\*", text)]
    return {singular(re.sub(r"\$[^$]*\$-?", "", span)) for span in spans}


def singular(term):
    return re.sub(r"s$", "", term.strip().lower())


def page(link):
    """The path, from the book's folder, of a link on a reference page; its words name the chapter or the page."""
    words, path = re.fullmatch(r"\[(.+?)\]\((.+?)\)", link).groups()
    path = os.path.normpath(BOOK / "reference" / path)
    title = re.match("# (.+)", next(prose(read_cells(BOOK / path))))[1]
    chapter = re.search(r"/(\d)-[^/]+/index\.ipynb$", path)
    assert words == (f"Chapter {chapter[1]}" if chapter else title)
    return os.path.relpath(path, BOOK)


PAGES = {os.path.relpath(path, BOOK): path for path in chapter_pages()}
WORDS, BOLD, FORMULAS = ({name: read(path) for name, path in PAGES.items()} for read in (words, bold, formulas))


def rows_of_notation():
    """(symbols, names in code, page) of each row of the notation page."""
    for line in (BOOK / "reference/notation.md").read_text("utf8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and "$" in cells[0]:
            yield re.findall(r"\$(.+?)\$", cells[0]), re.findall(r"`(\w+)`", cells[1]), page(cells[2])


ROWS = list(rows_of_notation())
SYMBOLS = [(symbol, where) for symbols, _, where in ROWS for symbol in symbols]


def occurs(symbol, math):
    """Is the symbol among the tokens? One without an index is another symbol than the same letter with one."""
    wanted = tokens(symbol)
    places = (i for i in range(len(math)) if math[i : i + len(wanted)] == wanted)
    return any("_" in wanted or math[i + len(wanted) : i + len(wanted) + 1] != ["_"] for i in places)


@pytest.mark.parametrize(("symbol", "where"), SYMBOLS, ids=[symbol for symbol, _ in SYMBOLS])
def test_a_symbol_is_first_met_where_the_notation_page_says(symbol, where):
    assert next(name for name in PAGES if occurs(symbol, FORMULAS[name])) == where


def test_names_in_code_are_parameters_of_the_package():
    functions = [
        *lossbook.catalogue.values(),
        *(getattr(module, name) for module in HELPERS for name in public(module)),
    ]
    parameters = {name for function in functions for name in inspect.signature(function).parameters}
    assert {name for _, names, _ in ROWS for name in names} <= parameters


def glossary():
    """(names, page) of each entry."""
    body = re.search(r"```\{glossary\}\n(.*?)```", (BOOK / "reference/glossary.md").read_text("utf8"), re.S)[1]
    for entry in body.strip().split("\n\n"):
        names = [line for line in entry.splitlines() if not line.startswith(" ")]
        yield names, page(re.search(r"(\[[^]]+\]\([^)]+\))\.$", entry)[1])


ENTRIES = list(glossary())


@pytest.mark.parametrize(("names", "where"), ENTRIES, ids=[names[0] for names, _ in ENTRIES])
def test_a_term_is_introduced_where_the_glossary_says(names, where):
    terms = {singular(name) for name in names}
    assert any(term in WORDS[where] for term in terms)
    assert next((name for name in PAGES if terms & BOLD[name]), where) == where


def test_the_glossary_is_sorted_and_names_chinese_terms():
    text = (BOOK / "reference/glossary.md").read_text("utf8")
    first = [names[0].lower().removeprefix("0-1 ") for names, _ in ENTRIES]
    assert first == sorted(first)
    assert len(re.findall(r'<span lang="zh-Hans">[^<]*[\u4e00-\u9fff]', text)) == len(ENTRIES)


def test_the_api_page_has_every_loss_and_every_helper():
    text = (BOOK / "reference/api.md").read_text("utf8")
    assert re.findall(r"autofunction:: (\w+)", text) == ["fact", *lossbook.catalogue]
    for module in HELPERS:
        assert public(module)
        assert f"automodule:: {module.__name__}\n" in text
        assert all(inspect.getdoc(getattr(module, name)) for name in public(module))
