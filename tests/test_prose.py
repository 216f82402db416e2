"""Pages say what their cells show, figures say what is to be seen, and every exercise has a solution."""

import pytest
from reading import (
    BOOK,
    claims,
    code_cells,
    directives,
    evidence,
    figure,
    images,
    notebooks,
    numbers,
    output_text,
    pages,
    prose,
    read_cells,
    shows,
    tags,
)

LONGEST_CELL = 25
SHORTEST_ALT = 30
UNCOMPARED = {"nbval-ignore-output", "nbval-skip"}


def unfounded_numbers(cells):
    """Decimal numbers in the prose that neither code nor outputs show, each with its sentence."""
    known = [value for _, value in numbers(evidence(cells))]
    for text in prose(cells):
        for claim, value, sentence in claims(text):
            if not shows(claim, value, known):
                yield f"{claim} in: {' '.join(sentence.split())[:120]}"


def silent_figures(cells):
    for cell in code_cells(cells):
        alt, caption, name = figure(cell)
        where = f"figure of {cell['source'].splitlines()[0]!r}"
        if not images(cell):
            continue
        if len(alt) < SHORTEST_ALT or alt.endswith((".svg", ".png", ".jpg")):
            yield f"{where}: its alt text does not say what is to be seen"
        if not caption:
            yield f"{where}: no caption"
        if not name:
            yield f"{where}: no name"
        if len(images(cell)) > 1:
            yield f"{where}: several figures of one cell would share them"


def unsolved_exercises(cells):
    solved = {target for name in ("solution", "solution-start") for target, _ in directives(cells, name)}
    for name in ("exercise", "exercise-start"):
        for title, options in directives(cells, name):
            if options.get("label") not in solved:
                yield options.get("label") or title or "an exercise without a label"


def long_cells(cells):
    for cell in code_cells(cells):
        lines = [line.strip() for line in cell["source"].splitlines()]
        lines = [line for line in lines if line and not line.startswith("#")]
        if len(lines) > LONGEST_CELL:
            yield f"{len(lines)} lines: {lines[0]}"


def uncompared_cells(cells):
    return [cell["source"] for cell in code_cells(cells) if cell["outputs"] and tags(cell) & UNCOMPARED]


def name_of(path):
    return path.relative_to(BOOK).as_posix()


@pytest.mark.parametrize("path", [*notebooks(), *pages()], ids=name_of)
def test_numbers_in_prose_stand_in_code_or_outputs(path):
    assert list(unfounded_numbers(read_cells(path))) == []


@pytest.mark.parametrize("path", notebooks(), ids=name_of)
@pytest.mark.parametrize("faults", [silent_figures, unsolved_exercises, long_cells])
def test_cells_are_fit_to_be_read(path, faults):
    assert list(faults(read_cells(path))) == []


def test_outputs_are_compared():
    cells = [cell for path in notebooks() for cell in code_cells(read_cells(path))]
    shown = sum(bool(cell["outputs"]) for cell in cells)
    assert len(uncompared_cells(cells)) <= 0.05 * shown


# The checks themselves: each accepts what is right and finds a planted fault.


def markdown(source):
    return {"cell_type": "markdown", "metadata": {}, "source": source}


def code(source, *outputs, **metadata):
    return {"cell_type": "code", "metadata": metadata, "source": source, "outputs": list(outputs)}


def stream(text):
    return {"output_type": "stream", "text": text}


def data(**kinds):
    return {"output_type": "display_data", "data": {f"text/{kind}": text for kind, text in kinds.items()}}


IMAGE = {"output_type": "display_data", "data": {"image/svg+xml": "<svg>0.777</svg>"}}
ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "got 1.3"}
OUTPUTS = [
    code("rate = 1e-3; flip = 0.25", stream("loss 0.2990 gradient -0.20\n")),
    code("table", data(html="<td style='x:0.888'>0.86</td>"), data(plain="1.52e-05"), IMAGE),
    code("f()", ERROR),
]
RIGHT = [
    "The loss is 0.2990, or 0.299, or 0.30, or 0.3.",
    "Its gradient is $-0.20$ or −0.20; it falls by 0.2.",
    "A rate of 0.001 and 25.0 % of the labels, $y - 0.25$.",
    "The table says 0.86, the error 1.3, and the step is $1.5\\times10^{-5}$.",
    "{cite:t}`huber1964robust` proposes 1.345.",
    "Python 3.11, PyTorch ≥ 2.13, version 1.4, scikit-learn 1.9.1, chapter 4.2, arXiv:1412.6980.",
    "[a page](https://example.org/9.99/x) of 7 pages and {glue:text}`share`.",
]
WRONG = {
    "The loss is 0.298.": "0.298",
    "The loss is 0.31.": "0.31",
    "The loss is -0.30.": "-0.30",
    "The axis shows 0.777.": "0.777",
    "The style says 0.888.": "0.888",
    "| a | 0.123 |": "0.123",
    "{cite:t}`huber1964robust` has a constant. Ours is 1.345.": "1.345",
    "- {cite:t}`huber1964robust`: 1.345\n- ours: 0.6": "0.6",
    "$x = 0.6$": "0.6",
    "It is 86.5 % of all.": "86.5%",
}


@pytest.mark.parametrize("sentence", RIGHT)
def test_founded_numbers_pass(sentence):
    assert list(unfounded_numbers([markdown(sentence), *OUTPUTS])) == []


@pytest.mark.parametrize(("sentence", "number"), WRONG.items())
def test_unfounded_numbers_are_found(sentence, number):
    found = list(unfounded_numbers([markdown(sentence), *OUTPUTS]))
    assert [fault.split(" in: ")[0] for fault in found] == [number]


def test_captions_and_alt_texts_are_prose():
    options = {"image": {"alt": "The curve ends at 0.61"}, "figure": {"caption": "It starts at 0.62."}}
    found = list(unfounded_numbers([code("draw()", IMAGE, mystnb=options)]))
    assert [fault.split()[0] for fault in found] == ["0.61", "0.62"]


def test_silent_figures_are_found():
    alt = "Two curves that cross where the residual is one."
    good = {"image": {"alt": alt}, "figure": {"caption": "Two losses.", "name": "fig-two"}}
    assert list(silent_figures([code("draw()", IMAGE, mystnb=good), code("print()", stream(""))])) == []
    assert len(list(silent_figures([code("draw()", IMAGE)]))) == 3
    assert len(list(silent_figures([code("draw()", IMAGE, IMAGE, mystnb=good)]))) == 1
    file = good | {"image": {"alt": "a-very-long-name-of-a-file-of-a-figure.svg"}}
    assert len(list(silent_figures([code("draw()", IMAGE, mystnb=file)]))) == 1


def test_unsolved_exercises_are_found():
    one = markdown("```{exercise} One\n:label: ex-one\nDo.\n```")
    two = markdown(":::{exercise-start}\n:label: ex-two\n:::\nDo.")
    solutions = markdown("````{solution} ex-one\n:class: dropdown\n````\n\n```{solution-start} ex-two\n```")
    assert list(unsolved_exercises([one, two, solutions])) == []
    assert list(unsolved_exercises([one, two])) == ["ex-one", "ex-two"]
    bare = markdown("```{exercise}\nDo.\n```")
    assert list(unsolved_exercises([bare, solutions])) == ["an exercise without a label"]


def test_long_cells_and_uncompared_outputs_are_found():
    line = "# why\n\nx = 1\n"
    assert list(long_cells([code(LONGEST_CELL * line)])) == []
    assert len(list(long_cells([code((LONGEST_CELL + 1) * line)]))) == 1
    compared = code("1", stream("1"), tags=["raises-exception"]), code("2", tags=["nbval-skip"])
    assert uncompared_cells(compared) == []
    assert uncompared_cells([code("1", stream("1"), tags=["nbval-ignore-output"])]) == ["1"]


def test_html_is_read_without_its_markup():
    html = "<style>p { width: 0.5em }</style><b class='x'>0.25</b>"
    assert output_text(data(html=html)).split() == ["0.25"]
