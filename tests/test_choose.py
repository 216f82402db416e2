"""The chooser: each leaf can be reached, its calls run, its first loss is as promised, and the page shows it."""

import ast
import warnings

import numpy as np
import pytest
from examples import SIZES, draw, predictions, tensors, uninformed
from reading import BOOK, code_cells, evidence, read_cells
from scipy.special import logsumexp

from lossbook import _atlas, choose
from lossbook._facts import Absent
from lossbook.chooser import answers, leaves, questions

every_leaf = pytest.mark.parametrize("leaf", leaves.values(), ids=list(leaves))
PAGE = read_cells(BOOK / "8-faq/choose.ipynb")
TARGETS = {  # what a start supposes of the targets
    "grade": dict(target=np.tile([0.0, 1.0], 3)),
    "rare": dict(target=np.array([1.0, 0, 0, 0, 0, 0])),
    "couples": dict(target=np.tile([0.0, 1.0], 3)),
    "mask": dict(target=np.tile([0.0, 1, 0], (6, 1))),
    "box": dict(
        prediction=np.tile([0.0, 0, 1, 1], (6, 1)), target=np.linspace([0, 0, 0.5, 0.6], [0.4, 0.1, 1, 0.9], 6)
    ),
    "alignment": dict(target=np.tile([1, 2], (6, 1))),
}


def given_to(leaf):
    """Return drawn arguments of a leaf's loss, with its parameters."""
    parameters = {name: ast.literal_eval(code) for name, code in leaf.arguments().items() if not code.isidentifier()}
    return draw(leaf.function) | parameters


def knowing_nothing(leaf):
    """Return arguments whose predictions know nothing, and what the leaf's start may name."""
    loss, given = leaf.function, given_to(leaf)
    for name in predictions(loss):
        given[name] = uninformed(loss.spaces[name], given[name].shape)
    given |= TARGETS.get(leaf.name, {})
    if leaf.target in ("number", "amount", "count") and leaf.name not in ("amount", "zeros", "count"):
        given["target"] = given["target"] - given["target"].mean()
    if leaf.name in ("amount", "zeros"):
        given["target"] = given["target"] / given["target"].mean()
    if leaf.name == "distribution":
        given["variance"] = np.ones(6)
    y = np.asarray(given.get("target", 0.0), dtype=float)
    known = dict(
        y=y, variance=(y**2).mean(), deviation=abs(y).mean(), share=y.mean(), classes=SIZES["c"], batch=SIZES["n"]
    )
    known |= dict(length=SIZES["t"], symbols=SIZES["u"])
    if leaf.name == "rare":
        given["logits"] = np.full(6, np.log(1 / 5))
    if leaf.name == "box":
        known["area"] = (y[:, 2] - y[:, 0]) * (y[:, 3] - y[:, 1])
    if leaf.name == "duration":
        given["event"] = np.array([1.0, 0, 1, 1, 0, 1])
        known["at_risk"] = (given["time"] >= given["time"][:, None]).sum(1)[given["event"] == 1]
    if leaf.name == "distillation":
        softened = given["teacher"] / 2 - logsumexp(given["teacher"] / 2, axis=-1, keepdims=True)
        known["entropy"] = -(np.exp(softened) * softened).sum(-1).mean()
    return given, known


@every_leaf
def test_the_answers_lead_to_the_leaf(leaf):
    chosen = choose(**{name: getattr(leaf, name) for name in questions})
    assert chosen.leaves == (leaf,)
    assert all(getattr(leaf, name) in answers[name] for name in questions)
    for text in (str(chosen), chosen._repr_html_()):
        assert leaf.title in " ".join(text.split())
        assert leaf.function.__name__ in text


def test_every_answer_leads_somewhere():
    for name in questions:
        assert {getattr(leaf, name) for leaf in leaves.values()} == set(answers[name])
    assert list(dict.fromkeys(leaf.target for leaf in leaves.values())) == list(answers["target"])


def test_what_is_shown_of_several():
    assert all(answer in str(choose()) for answer in answers["target"])
    assert "cost" in str(choose(target="number"))
    assert "pinball" in choose(target="number")._repr_html_()
    assert {leaf.name for leaf in choose(output="quantile").leaves} == {"quantile", "stock"}


def test_unknown_answers_are_refused_with_the_closest():
    with pytest.raises(ValueError, match=r"^target is 'numbers', expected one of number, "):
        choose(target="numbers")
    with pytest.raises(
        ValueError, match=r"^output is 'quantiles', expected with target='count' one of quantile, mean\.$"
    ):
        choose(target="count", output="quantiles")
    with pytest.raises(ValueError, match=r"^cost is 3, expected one of "):
        choose(cost=3)
    with pytest.raises(TypeError):
        choose("number")


@every_leaf
def test_the_start_is_the_loss_of_who_knows_nothing(leaf):
    given, known = knowing_nothing(leaf)
    np.testing.assert_allclose(leaf.function(**given), leaf.expect(**known), rtol=1e-9)


CALLS = [(leaf, library) for leaf in leaves.values() for library in leaf.calls()]


@pytest.mark.parametrize(("leaf", "library"), CALLS, ids=[f"{leaf.name}-{library}" for leaf, library in CALLS])
def test_calls_return_what_the_loss_does(leaf, library):
    """Copied with their imports, and nothing else."""
    call = leaf.calls()[library]
    if isinstance(call, Absent):
        pytest.skip(call)
    given = given_to(leaf)
    names = leaf.arguments()
    known = {names.get(name, name): value for name, value in given.items()}
    known = known if library == "scikit-learn" else tensors(known)
    *imports, call = ast.parse(_atlas.imported(call)).body
    exec(compile(ast.Module(imports, []), "", "exec"), known)
    there = eval(compile(ast.Expression(call.value), "", "eval"), known)
    there = there.detach().numpy() if hasattr(there, "detach") else there
    np.testing.assert_allclose(there, leaf.function(**given), rtol=3e-6)


@pytest.mark.parametrize("leaf", [leaf for leaf in leaves.values() if leaf.estimator], ids=lambda leaf: leaf.name)
def test_estimators_can_be_fitted(leaf):
    known, rng = {}, np.random.default_rng(0)
    *rest, last = ast.parse(leaf.estimator).body
    exec(compile(ast.Module(rest, []), "", "exec"), known)
    estimator = eval(compile(ast.Expression(last.value), "", "eval"), known)
    y = rng.integers(2, size=(60, 2)) if leaf.target == "labels" else 1.0 + rng.integers(3, size=60)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert estimator.fit(rng.normal(size=(60, 2)), y).predict(np.zeros((1, 2))).shape[0] == 1


@every_leaf
def test_the_page_to_read_exists(leaf):
    assert (BOOK / leaf.page).is_file()


@every_leaf
def test_the_page_shows_the_leaf_and_trains_it(leaf):
    shown = evidence(PAGE)
    assert f"(choose-{leaf.name})=" in shown
    for text in (leaf.title, leaf.head, leaf.decode, leaf.start, leaf.why, leaf.trap):
        assert text in shown
    assert all(isinstance(call, Absent) or _atlas.imported(call) in shown for call in leaf.calls().values())
    cells = [cell["source"] for cell in code_cells(PAGE)]
    (place,) = [i for i, source in enumerate(cells) if f'check_start("{leaf.name}"' in source]
    assert any("assert " in source for source in cells[place : place + 2])
    assert any(f"(choose-{leaf.name}-trained)=" in cell["source"] for cell in PAGE)


def test_the_api_page_documents_it():
    assert "automodule:: lossbook.chooser\n" in (BOOK / "reference/api.md").read_text("utf8")
