"""What a loss declares about itself, proved: each test once, over all losses that declare the fact.

Where a fact is Absent, the loss is not among the cases of its test; conftest.py prints the table.
"""

import itertools
import math

import numpy as np
import pytest
import torch
from examples import (
    LOSSES,
    SIZES,
    arrays,
    constrain,
    draw,
    names,
    none,
    predictions,
    settings,
    take,
    tensors,
    uninformed,
    wild,
)
from scipy.optimize import brentq, minimize
from scipy.stats import norm

from lossbook._facts import Absent, fact

pytestmark = pytest.mark.filterwarnings("ignore:(overflow|divide by zero|invalid value) encountered")  # far out

FACTS = [
    "lower_bound",
    "value_at_chance",
    "elicits",
    "link",
    "proper",
    "calibrated",
    "symmetric",
    "convex",
    "lipschitz",
]


def declaring(name):
    """Parametrise a test by the losses of which a fact is declared."""
    losses = [loss for loss in LOSSES if not isinstance(loss.facts[name], Absent)]
    return pytest.mark.parametrize("loss", losses, ids=[loss.__name__ for loss in losses])


every_loss = pytest.mark.parametrize("loss", LOSSES, ids=[loss.__name__ for loss in LOSSES])


def many(loss, scale, seed=0):
    """Yield wild arguments: many samples at once, or batch after batch where the batch is coupled."""
    for part in range(300 if loss.batch else 1):
        yield wild(loss, seed + part, scale=scale, samples=6 if loss.batch else 20_000)


@every_loss
def test_absent_facts_have_a_reason(loss):
    assert loss.facts.keys() == LOSSES[0].facts.keys(), "a fact by another name"
    for name in (*FACTS, "torch", "keras", "sklearn"):
        if isinstance(loss.facts[name], Absent):
            assert len(loss.facts[name]) > 15


@declaring("lower_bound")
def test_lower_bound(loss):
    """No loss is below it, and some are as near as one likes."""
    for at in settings(loss, loss.facts["lower_bound"]):
        bound, least = fact(loss, "lower_bound", **at), math.inf
        for scale in (3, 1000):
            for arguments in many(loss, scale):
                least = min(least, np.min(loss(**arguments | at, **none(loss))))
        least = min(least, _descend(loss, at))
        if bound == -math.inf:
            assert least < -10
        else:
            assert bound - 1e-9 <= least < bound + 1e-3


def _descend(loss, at):
    """Return the least loss found by gradient descent over the predictions."""
    arguments = tensors(wild(loss, scale=3, samples=50) | at)
    free = {name: arguments[name].clone().requires_grad_() for name in predictions(loss)}
    if not free:
        return math.inf
    for name in free:
        if loss.spaces[name].low == 0 or loss.spaces[name].high == 0:
            free[name] = torch.zeros_like(free[name]).requires_grad_()
    optimizer, seen = torch.optim.LBFGS(free.values(), max_iter=300, line_search_fn="strong_wolfe"), [math.inf]

    def total():
        optimizer.zero_grad()
        given = {name: _into(loss.spaces[name], value) for name, value in free.items()}
        losses = loss.formula(**arguments | given)
        losses = losses[0] if isinstance(losses, tuple) else losses
        seen.append(float(losses.detach().min()))
        losses.sum().backward()
        return losses.sum()

    optimizer.step(total)
    return np.nanmin(seen)


def _into(space, free):
    """Map reals into a space, with a gradient."""
    if (space.low, space.high) == (0, 1):
        return torch.sigmoid(free) if space.holds is None else torch.softmax(free, -1)
    if space.low == 0:
        return torch.exp(free)
    return -torch.exp(free) if space.high == 0 else free


@declaring("value_at_chance")
def test_value_at_chance(loss):
    """It is the loss of predictions that know nothing, where the classes are balanced."""
    sizes = {**SIZES, "n": 12, "...": (12,)}
    for at in settings(loss, loss.facts["value_at_chance"]):
        arguments = draw(loss, sizes=sizes) | at
        for name in arrays(loss):
            space = loss.spaces[name]
            if name in arrays(loss)[: loss.facts["predicted"]]:
                arguments[name] = uninformed(space, arguments[name].shape)
            elif isinstance(space.high, str) and arguments[name].ndim == 1:
                arguments[name] = np.arange(12) % SIZES[space.high]
        known = {name: size for name, size in sizes.items() if name != "..."}
        np.testing.assert_allclose(loss(**arguments), fact(loss, "value_at_chance", **known, **at), rtol=1e-12)


SKEWED = np.exp(norm.ppf((np.arange(201) + 0.5) / 201))
LABELS = np.array([0, 0, 1, 1, 1, 2])
GAUSSIAN = 2 + 3 * norm.ppf((np.arange(4001) + 0.5) / 4001)


def weighted_median(y, weight):
    order = np.argsort(y)
    total = np.cumsum(weight[order])
    return y[order][np.searchsorted(total, total[-1] / 2)]


FUNCTIONALS = {
    "mean": (SKEWED, lambda y: np.mean(y)),
    "median": (SKEWED, lambda y: np.median(y)),
    "mode": (LABELS, lambda y: np.bincount(y).argmax()),
    "quantile tau": (SKEWED, lambda y, tau: np.quantile(y, tau, method="inverted_cdf")),
    "expectile tau": (
        SKEWED,
        lambda y, tau: brentq(lambda x: np.sum(np.where(y > x, tau, 1 - tau) * (y - x)), y.min(), y.max()),
    ),
    "median weighted by 1/|y|": (SKEWED, lambda y: weighted_median(y, 1 / y)),
    "geometric mean of 1 + y, less 1": (SKEWED, lambda y: np.exp(np.mean(np.log1p(y))) - 1),
    "logarithm of the mean": (SKEWED, lambda y: np.log(np.mean(y))),
    "mean and variance": (SKEWED, lambda y: (np.mean(y), np.var(y))),
    "location and scale of a Gaussian": (GAUSSIAN, lambda y: (2, 3)),
}


@declaring("elicits")
def test_elicits(loss):
    """The best constant prediction is the functional that is named, on skewed data."""
    name = loss.facts["elicits"]
    target, functional = FUNCTIONALS[name]
    seen = set()
    for at in settings(loss, name):
        answer = _best_constant(loss, target, at)
        np.testing.assert_allclose(answer, functional(target, **at if "tau" in name else {}), rtol=2e-3)
        seen.add(tuple(np.atleast_1d(answer)))
    assert len(seen) == (3 if "tau" in name else 1)


def _best_constant(loss, target, at):
    free = predictions(loss)
    if not free:
        return min(range(4), key=lambda k: loss(np.full_like(target, k), target))

    def risk(x):
        given = [
            np.full(target.shape, np.exp(value) if loss.spaces[name].low == 0 else value)
            for name, value in zip(free, x, strict=True)
        ]
        return loss(*given, target, **at)

    found = minimize(risk, np.full(len(free), 0.5), method="Nelder-Mead", options=dict(xatol=1e-9, fatol=1e-13))
    return [np.exp(x) if loss.spaces[name].low == 0 else x for name, x in zip(free, found.x, strict=True)]


def every_prediction(loss):
    """Return a grid of predictions for one sample, and the loss of each for every class."""
    name, target = arrays(loss)[0], loss.spaces["target"]
    space = loss.spaces[name]
    if isinstance(target.high, str):
        axis = np.linspace(-6, 6, 241)
        points = np.stack([*(part.ravel() for part in np.meshgrid(axis, axis)), np.zeros(241**2)], axis=-1)
        classes = [0, 1, 2]
    else:
        points = np.linspace(-20, 20, 16001)
        points = (points + 20) / 40 * (1 - 2e-6) + 1e-6 if space.high == 1 else points
        points = points[:, None] if space.axes.endswith("d") else points
        classes = [-1, 1] if target.low != 0 else [0, 1]
    points = constrain(space, points) if space.holds is not None else points
    shape = len(points) if points.ndim == 1 or target.axes == "..." else points.shape
    return points, lambda at: np.stack(
        [loss(points, np.full(shape, k), reduction="none", **at) for k in classes], axis=-1
    )


def truths(classes):
    """Return distributions on a grid, each with one class that is the most probable."""
    step = 0.01 if classes == 2 else 0.1
    shares = itertools.product(np.arange(step, 1, step), repeat=classes)
    shares = np.array([q for q in shares if abs(sum(q) - 1) < 1e-9])
    ordered = np.sort(shares, axis=-1)
    return shares[ordered[:, -1] > ordered[:, -2] + 1e-9]


def decisions(loss, points):
    """Return the class that each prediction decides for, -1 for a tie."""
    if isinstance(loss.spaces["target"].high, str):
        ordered = np.sort(points, axis=-1)
        return np.where(ordered[:, -1] > ordered[:, -2] + 1e-12, points.argmax(-1), -1)
    points = points.reshape(len(points)) - (0.5 if loss.spaces[arrays(loss)[0]].high == 1 else 0)
    return np.where(np.abs(points) < 1e-9, -1, points > 0)


@declaring("proper")
def test_proper(loss):
    """The expected loss is least where the link gives the truth; or a truth is shown for which it is not."""
    points, losses = every_prediction(loss)
    for at in settings(loss, loss.facts["proper"]):
        each = losses(at)
        q = truths(each.shape[1])
        best = points[np.argmin(each @ q.T, axis=0)]
        if isinstance(loss.facts["link"], Absent):
            assert fact(loss, "proper", **at) is False
            same = np.all(np.abs(best[:, None] - best[None]).reshape(len(q), len(q), -1) < 1e-6, axis=-1)
            assert same.sum() > len(q), "every truth has a minimiser of its own"
            continue
        given = {arrays(loss)[0]: best}
        p = np.asarray(eval(loss.facts["link"], names(loss) | at | given))
        p = p.reshape(len(q), -1)
        off = np.abs(p - (q if p.shape[1] > 1 else q[:, 1:])).max()
        assert off < 0.007 if fact(loss, "proper", **at) else off > 0.014


@declaring("calibrated")
def test_calibrated(loss):
    """Deciding for another than the most probable class has a higher expected loss; or a truth shows it has not."""
    points, losses = every_prediction(loss)
    decided = decisions(loss, points)
    for at in settings(loss, loss.facts["calibrated"]):
        each = losses(at)
        gaps = []
        for q in truths(each.shape[1]):
            risk = each @ q
            gaps.append(risk[decided != q.argmax()].min() - risk[decided == q.argmax()].min())
        assert min(gaps) > 1e-6 if fact(loss, "calibrated", **at) else min(gaps) < 1e-9


@declaring("symmetric")
def test_symmetric(loss):
    _, losses = every_prediction(loss)
    for at in settings(loss, loss.facts["symmetric"]):
        spread = np.ptp(losses(at).sum(axis=-1))
        assert spread < 1e-9 if fact(loss, "symmetric", **at) else spread > 1e-2


@declaring("convex")
def test_convex(loss):
    """Between two predictions for one sample the loss is never above the chord; or it is seen to be, where declared."""
    for at in settings(loss, loss.facts["convex"]):
        convex = fact(loss, "convex", **at)
        if isinstance(convex, str):
            assert not _above_chord(loss, at, [convex])
            convex = False
        assert _above_chord(loss, at, predictions(loss)) is not convex


def _above_chord(loss, at, moved):
    for scale, part in itertools.product((3, 30), (1, 0.1, 0.01)):
        for start, other in zip(many(loss, scale), many(loss, scale, seed=1000), strict=True):
            left, middle, right = start | at, start | at, start | at
            for name in moved:
                right[name] = start[name] + part * (other[name] - start[name])
                middle[name] = (start[name] + right[name]) / 2
            a, m, b = (loss(**arguments, **none(loss)) for arguments in (left, middle, right))
            if np.any(m - (a + b) / 2 > 1e-7 * (np.abs(a) + np.abs(b)) + 1e-11):
                return True
    return False


@declaring("lipschitz")
def test_lipschitz(loss):
    """The gradient in the first argument is never longer than the bound, and nearly reaches it."""
    known = {name: size for name, size in SIZES.items() if name != "..."}
    for at in settings(loss, loss.facts["lipschitz"]):
        bound = fact(loss, "lipschitz", **known, **at)
        lengths = {scale: _longest_gradient(loss, at, scale) for scale in (1, 10, 1e4)}
        if bound == math.inf:
            assert lengths[1e4] > 1.5 * lengths[10]
        else:
            assert 0.98 * bound < max(lengths.values()) <= bound * (1 + 1e-9)


def _longest_gradient(loss, at, scale):
    first, longest = arrays(loss)[0], 0.0
    for arguments in many(loss, scale):
        given = tensors(arguments | at)
        given[first].requires_grad_()
        loss(**given, **none(loss)).sum().backward()
        gradient = given[first].grad
        lengths = torch.linalg.vector_norm(
            gradient if loss.batch else gradient.flatten(1) if gradient.ndim > 1 else gradient[:, None],
            dim=None if loss.batch else -1,
        )
        longest = max(longest, float(lengths.nan_to_num(math.inf, math.inf).max()))
    return longest


@every_loss
def test_decomposable(loss):
    """The loss of a batch is the mean of those of its halves, unless the formula couples the batch."""
    arguments = draw(loss)
    halves = [loss(**take(loss, arguments, slice(*ends))) for ends in ((0, 3), (3, 6))]
    assert np.isclose(np.mean(halves), loss(**arguments), rtol=1e-12) is not np.bool(loss.batch)


IDENTITIES = [(loss, text) for loss in LOSSES for text in loss.facts["identities"]]


@pytest.mark.parametrize(
    ("loss", "text"), IDENTITIES, ids=[f"{loss.__name__}-{i}" for i, (loss, _) in enumerate(IDENTITIES)]
)
def test_identity(loss, text):
    for at in settings(loss, text):
        for arguments in (draw(loss, 1), wild(loss, 2, scale=3)):
            left, right = (eval(side, names(loss), arguments | at) for side in text.split(" == "))
            np.testing.assert_allclose(left, right, rtol=1e-5)


LOGITS = [loss for loss in LOSSES if any(name in ("logits", "scores", "student") for name in predictions(loss))]


@pytest.mark.parametrize("loss", LOGITS, ids=[loss.__name__ for loss in LOGITS])
@pytest.mark.parametrize("seed", range(5))
def test_extreme_logits(loss, seed):
    """Logits of ±10,000 in 32 bits have a finite loss and a finite gradient; masked ones no NaN."""
    arguments = tensors(draw(loss, seed), torch.float32)
    generator = torch.Generator().manual_seed(seed)
    for name in predictions(loss):
        size = arguments[name].shape
        arguments[name] = (1e4 * (2.0 * torch.randint(2, size, generator=generator) - 1)).requires_grad_()
    value = loss(**arguments)
    value.backward()
    assert bool(torch.isfinite(value))
    assert all(bool(torch.isfinite(arguments[name].grad).all()) for name in predictions(loss))


OF_ORDER = [loss for loss in LOSSES if loss.facts["task"] in ("ranking", "survival") and loss.facts["predicted"] == 1]
SHIFTED = [loss for loss in LOSSES if loss.facts["link"] in ("softmax(logits)", "project(logits)")] + OF_ORDER


@pytest.mark.parametrize("loss", SHIFTED, ids=[loss.__name__ for loss in SHIFTED])
def test_what_all_scores_share_does_not_count(loss):
    """In 32 bits too, where the shift itself is exact."""
    given = tensors(draw(loss), torch.float32)
    (first,) = predictions(loss)
    given[first] = (2 * given[first]).round() / 2
    shifted = loss(**given | {first: given[first] + 2.0**20})
    torch.testing.assert_close(shifted, loss(**given), rtol=1e-6, atol=1e-6)


MASKED = [loss for loss in LOGITS if loss.spaces[predictions(loss)[0]].ends == "[)" and "ranking" not in loss.spaces]


@pytest.mark.parametrize("loss", MASKED, ids=[loss.__name__ for loss in MASKED])
def test_masked_logits(loss):
    """A class ruled out by -inf is a class that is not there."""

    def mask(width, fill):
        arguments = draw(loss, sizes={**SIZES, "c": 3})
        for name in arrays(loss):
            if loss.spaces[name].axes.endswith("c") and not loss.spaces[name].integral:
                value = arguments[name]
                arguments[name] = np.concatenate([value, np.full((*value.shape[:-1], width), fill)], axis=-1)
        return arguments

    given = tensors(mask(1, -np.inf))
    first = predictions(loss)[0]
    given[first].requires_grad_()
    value = loss(**given)
    np.testing.assert_allclose(value.detach(), loss(**mask(0, 0)), rtol=1e-12)
    value.backward()
    assert not bool(given[first].grad.isnan().any())


@pytest.mark.parametrize("loss", MASKED, ids=[loss.__name__ for loss in MASKED])
@pytest.mark.parametrize("seed", range(5))
def test_some_masked_logits(loss, seed):
    """Single scores of -inf make the loss infinite at most, and where it is finite its gradient is no NaN."""
    given = tensors(draw(loss, seed))
    first = predictions(loss)[0]
    hidden = torch.rand(given[first].shape, generator=torch.Generator().manual_seed(seed)) < 0.3
    hidden[..., 0] = False  # something is left of each row
    given[first] = given[first].masked_fill(hidden, -math.inf).requires_grad_()
    losses = loss(**given, reduction="none")
    fine = losses.isfinite()
    losses[fine].sum().backward()
    assert bool(fine.any())
    assert not bool(given[first].grad[fine].isnan().any())
