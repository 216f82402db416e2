"""The atlas shows every loss, what it declares and nothing else, and the calls that it shows run."""

import ast
import re
import xml.etree.ElementTree as ET
from html import escape, unescape

import numpy as np
import pytest
from examples import LOSSES, arrays, draw, parameters, tensors
from reading import BOOK, code_cells, read_cells

from lossbook import _atlas, catalogue, fact
from lossbook._facts import Absent

PAGE = "\n".join(
    "".join(data)
    for cell in code_cells(read_cells(BOOK / "reference/atlas.ipynb"))
    for output in cell["outputs"]
    for kind, data in output.get("data", {}).items()
    if kind in ("text/html", "text/markdown")
)
ROWS = re.findall(r'<tr><th scope="row"><a href="#loss-(\w+)">.*?</th>(.*?)</tr>', PAGE, re.S)
CARDS = re.findall(r'<div class="atlas-card" id="loss-(\w+)">(.*?)(?=<div class="atlas-card"|\Z)', PAGE, re.S)
FACTS = ("convex", "proper", "calibrated", "symmetric", "lipschitz", "lower_bound", "value_at_chance", "link")
every_loss = pytest.mark.parametrize("loss", LOSSES, ids=list(catalogue))


def test_every_loss_has_a_row_and_a_card():
    assert [name for name, _ in ROWS] == [name for name, _ in CARDS] == list(catalogue)


@every_loss
def test_row(loss):
    """What the page holds is what the loss declares now."""
    cells = re.findall(r"<td[^>]*>(.*?)</td>", dict(ROWS)[loss.__name__])
    assert cells[:2] == [loss.facts["task"], _atlas.estimates(loss, brief=True)]
    assert cells[2:9] == [_atlas.tell(loss, name, brief=True) for name in FACTS[:-1]]
    assert cells[9:] == ["no" if isinstance(loss.facts[name], Absent) else "yes" for name in _atlas.LIBRARIES]


@every_loss
def test_card(loss):
    """All facts, the reasons where there are none, the calls, a trap, the source and a drawing."""
    card = dict(CARDS)[loss.__name__]
    assert all(_atlas.tell(loss, name) in card for name in FACTS)
    assert all(f"```python\n{code}\n```" in card for code in _atlas.calls(loss).values())
    for name in ("elicits", *FACTS, *_atlas.LIBRARIES):
        value = loss.facts[name]
        if isinstance(value, Absent) and name != "elicits":
            assert escape(value) in card or value in card
    assert re.search(r"\*\*Trap\.\*\* .{20}.*\n\n```python\nassert ", card)
    assert f"`{loss.facts['source']}`" in card
    assert ":math:" not in card
    assert ":func:" not in card
    assert ".. math::" not in card
    where, dot, path, _ = _atlas.sweep(loss)
    (_, x), *curves = path.items()
    for kind, y in curves:
        assert _atlas.panel(kind, where, dot, x, y) in card


def test_facts_that_depend_on_something_show_it_and_their_value():
    assert _atlas.tell(catalogue["pinball"], "lipschitz") == "<code>max(tau, 1 - tau)</code> = 0.5"
    assert _atlas.tell(catalogue["focal"], "proper") == "<code>gamma == 0</code>: no"
    assert _atlas.tell(catalogue["cross_entropy"], "value_at_chance") == "<code>log(c)</code> = 2.3"
    assert _atlas.tell(catalogue["gaussian_nll"], "convex") == "in <code>mean</code> only"
    assert _atlas.tell(catalogue["gaussian_nll"], "lower_bound") == "−∞"
    assert _atlas.estimates(catalogue["hinge"]) == "most probable class"
    for loss in LOSSES:
        assert fact(loss, "proper", **_atlas.SIZES) is not True or _atlas.estimates(loss) == "P(class)"


SHOWN = [(loss, library) for loss in LOSSES for library in _atlas.calls(loss)]


@pytest.mark.parametrize(("loss", "library"), SHOWN, ids=[f"{loss.__name__}-{library}" for loss, library in SHOWN])
def test_calls_run_as_they_are_shown(loss, library):
    """Nothing but the arguments and parameters is needed besides the code that is copied."""
    given = draw(loss)
    known = tensors(given) if library == "PyTorch" else dict(given)
    *imports, call = ast.parse(_atlas.calls(loss)[library]).body
    exec(compile(ast.Module(imports, []), "", "exec"), known)
    there = eval(compile(ast.Expression(call.value), "", "eval"), known)
    there = there.detach().numpy() if hasattr(there, "detach") else there
    np.testing.assert_allclose(there, loss(**given), rtol=2e-6)


@every_loss
def test_the_drawing_is_of_the_loss(loss):
    """The curve passes through the worked example, its slopes add up to its rise, and it can be read aloud."""
    where, dot, path, held = _atlas.sweep(loss)
    name, x, y = next(iter(path)), *[*path.values()][:2]
    assert where.startswith(name)
    assert not set(held) & {name}
    if "slope" in path:
        rise = np.sum((path["slope"][1:] + path["slope"][:-1]) / 2 * np.diff(x))
        np.testing.assert_allclose(rise, y[-1] - y[0], atol=0.1 * max(np.ptp(y), 1e-3))
    if not loss.batch and name in arrays(loss)[:1] and np.ndim(held.get("target", 0)) == 0 and where == name:
        given = {k: np.array([v]) if k in arrays(loss) else v for k, v in held.items()}
        here = loss(**(parameters(loss) | given | {name: np.array([x[1]])}))
        np.testing.assert_allclose(here, y[1], atol=1e-4)
    for kind, values in [*path.items()][1:]:
        svg = ET.fromstring(_atlas.panel(kind, where, dot, x, values))
        assert svg.get("role") == "img"
        assert re.match(rf"{kind} over .*: −?[\d.]+.* at −?[\d.]+", unescape(svg.get("aria-label")))
        for point in "".join(line.get("points") for line in svg.iter("polyline")).split():
            across, down = map(float, point.split(","))
            assert 40 < across < 200
            assert 10 < down < 100
