"""The reference pages agree with the chapters and with the package."""

import inspect
import re

import pytest
from reading import BOOK, prose, read_cells

import lossbook
from lossbook import check, clinic, datasets, exercises, inspection, interactive, plotting, training

HELPERS = (check, clinic, inspection, datasets, training, plotting, interactive, exercises)
CHAPTERS = sorted(BOOK.glob("[1-8]-*/index.ipynb"))
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.S)


def public(module):
    return [
        name
        for name, thing in vars(module).items()
        if not name.startswith("_") and callable(thing) and getattr(thing, "__module__", "") == module.__name__
    ]


def words(path):
    return " ".join(" ".join(prose(read_cells(path))).lower().split())


def formulas(path):
    """All that a chapter sets as math, as TeX's tokens without words and layout; ";" stands between formulas."""
    math = " ; ".join(a or b for text in prose(read_cells(path)) for a, b in FORMULA.findall(text))
    return tokens(re.sub(r"\\(?:text|mathrm|operatorname|begin|end)\{[^}]*\}|\\[,;!]|&", " ", math))


def tokens(math):
    return re.findall(r"\\[a-zA-Z]+|\S", math)


def bold(path):
    return [span.lower() for text in prose(read_cells(path)) for span in re.findall(r"\*\*([^*]+)\*\*", text)]


WORDS, BOLD, FORMULAS = (
    {int(path.parent.name[0]): read(path) for path in CHAPTERS} for read in (words, bold, formulas)
)


def rows_of_notation():
    """(symbols, names in code, chapter) of each row of the notation page."""
    for line in (BOOK / "reference/notation.md").read_text("utf8").splitlines():
        cells = [cell.strip() for cell in line.split("|")[1:-1]]
        if len(cells) == 3 and "$" in cells[0]:
            yield re.findall(r"\$(.+?)\$", cells[0]), re.findall(r"`(\w+)`", cells[1]), int(cells[2][1])


ROWS = list(rows_of_notation())
SYMBOLS = [(symbol, chapter) for symbols, _, chapter in ROWS for symbol in symbols]


def occurs(symbol, math):
    """Is the symbol among the tokens? One without an index is another symbol than the same letter with one."""
    wanted = tokens(symbol)
    places = (i for i in range(len(math)) if math[i : i + len(wanted)] == wanted)
    return any("_" in wanted or math[i + len(wanted) : i + len(wanted) + 1] != ["_"] for i in places)


@pytest.mark.parametrize(("symbol", "chapter"), SYMBOLS, ids=[symbol for symbol, _ in SYMBOLS])
def test_a_symbol_is_first_met_where_the_notation_page_says(symbol, chapter):
    assert [number for number in sorted(FORMULAS) if occurs(symbol, FORMULAS[number])][:1] == [chapter]


def test_names_in_code_are_parameters_of_the_package():
    functions = [
        *lossbook.catalogue.values(),
        *(getattr(module, name) for module in HELPERS for name in public(module)),
    ]
    parameters = {name for function in functions for name in inspect.signature(function).parameters}
    assert {name for _, names, _ in ROWS for name in names} <= parameters


def glossary():
    """(names, chapter) of each entry."""
    body = re.search(r"```\{glossary\}\n(.*?)```", (BOOK / "reference/glossary.md").read_text("utf8"), re.S)[1]
    for entry in body.strip().split("\n\n"):
        names = [line for line in entry.splitlines() if not line.startswith(" ")]
        yield names, int(re.search(r"\[Chapter (\d)\]", entry)[1])


ENTRIES = list(glossary())


@pytest.mark.parametrize(("names", "chapter"), ENTRIES, ids=[names[0] for names, _ in ENTRIES])
def test_a_term_is_introduced_where_the_glossary_says(names, chapter):
    stems = [re.sub(r"s$", "", name.lower()) for name in names]
    assert any(stem in WORDS[chapter] for stem in stems)
    explained = [number for number in sorted(BOLD) if set(stems) & {re.sub(r"s$", "", span) for span in BOLD[number]}]
    assert explained[:1] in ([], [chapter])


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
