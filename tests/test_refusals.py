"""Bad input, for every argument of every loss, is refused: never a number, never NaN, always a reason."""

import collections
import inspect
import math
import re

import numpy as np
import pytest
import torch
from examples import LOSSES, SIZES, arrays, draw, none, parameters, predictions, tensors
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import lossbook

EXAMPLES = 200  # for each of the losses: more than 10,000 in all
assert EXAMPLES * len(LOSSES) > 10_000


def shapes(loss, name, value):
    """Yield what makes the shape of one argument not fit those of the others, or no argument at all."""
    alone = len(arrays(loss)) == 1
    first = loss.spaces[name].axes.split()[0] == "..."
    yield "empty", value[:0]
    if not alone:
        yield "a sample less", value[:-1]
        yield "one sample", value[:1]
        yield "an axis more behind", value[..., None]
        yield "an axis more in front", value[None]
        yield "a row", value[0]
    elif not first:
        yield "an axis more in front", value[None]
    if value.ndim > 1 and not alone:
        yield "transposed", np.swapaxes(value, 0, -1)


def kinds(loss, name, value):
    """Yield what is no array of numbers, or of the wrong numbers."""
    yield "a list", value.tolist()
    yield "None", None
    yield "a number", 1.0
    yield "text", value.astype(str)
    yield "complex", value + 1j
    yield "objects", value.astype(object)
    if loss.spaces[name].integral and loss.spaces[name].otherwise is None:
        yield "reals for integers", value + 0.5


def values(loss, name, value, at):
    """Yield what does not belong to the space, at one place."""
    space = loss.spaces[name]
    if space.integral:
        high = SIZES[space.high] if isinstance(space.high, str) else math.inf
        wrong = [bad for bad in (-7, -1, 10**6) if not space.low <= bad < high]
        wrong = [bad for bad in wrong if space.low > -math.inf]
    else:
        wrong = [math.nan, math.inf] + [-math.inf] * (space.ends[0] == "(" or space.low > -math.inf)
        wrong += [bad for bad in (-7.5, -1e-3, 1.001, 1e6) if not space.low <= bad <= space.high]
        wrong += [0.0] * (space.low == 0 and space.ends[0] == "(")
    for bad in wrong:
        harmed = value.copy()
        harmed.flat[at % value.size] = bad
        yield f"{bad} at {at % value.size}", harmed


def whole(loss, name, value):
    """Yield rows that are right entry by entry and wrong together."""
    cause = loss.spaces[name].cause
    if "several labels" in cause:
        yield "rows that do not sum to 1", value * 0.7
    elif loss.spaces[name].axes.endswith("4"):
        yield "corners exchanged", value[..., [2, 3, 0, 1]]
    elif "labels 0 and 1" in cause:
        yield "labels 0 and 1", (value + 1) / 2
    elif name == "ranking":
        yield "ranks twice", np.zeros_like(value)
    elif name == "target" and "ctc" in loss.__name__:
        yield "a blank inside", value * np.array([0, 1])
    elif "relative to a target of 0" in cause:
        yield "zeros", value * 0


def numbers(loss, name):
    """Yield wrong values of a parameter that is a number."""
    space = loss.spaces[name]
    yield "None", None
    yield "text", "1"
    yield "a bool", True
    yield "a list", [1.0]
    yield "an array", np.ones(2)
    yield "NaN", math.nan
    if space.integral:
        yield "a fraction", 0.5
        return
    yield "infinite", math.inf
    for bad in (-math.inf, -7.5, 1e6):
        if not space.low <= bad <= space.high:
            yield f"{bad}", bad
    if space.ends[0] == "(" and math.isfinite(space.low):
        yield "the low end", float(space.low)


def options(loss):
    """Yield wrong weights and reductions."""
    if loss.batch:
        yield "a reduction", dict(reduction="sum")
        yield "a weight", dict(weight=np.ones(6))
        return
    shape = np.shape(loss(**draw(loss), reduction="none"))
    for text, weight in {
        "short": np.ones(5),
        "negative": -np.ones(shape),
        "NaN": np.full(shape, np.nan),
        "zero": np.zeros(shape),
        "a list": [1] * 6,
        "a column": np.ones((6, 1)),
    }.items():
        yield f"a {text} weight", dict(weight=weight)
    yield "reduction", dict(reduction="average")
    yield "reduction None", dict(reduction=None)


seen = collections.Counter()


@pytest.mark.parametrize("loss", LOSSES, ids=[loss.__name__ for loss in LOSSES])
def test_bad_input_is_refused(loss):
    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.data())
    def refused(data):
        arguments = draw(loss, data.draw(st.integers(0, 10**6)))
        library = data.draw(st.sampled_from(["numpy", "torch", "float16", "mixed"]))
        numbers_of = [name for name in parameters(loss) if loss.spaces[name].axes is None]
        name = data.draw(st.sampled_from([*arrays(loss), *numbers_of, "options"]))
        extra = {}
        if name == "options":
            harm, extra = data.draw(st.sampled_from(list(options(loss))))
        elif name in numbers_of:
            harm, arguments[name] = data.draw(st.sampled_from(list(numbers(loss, name))))
        elif library == "mixed":
            if len(arrays(loss)) == 1:
                return
            harm, arguments[name] = "another library", torch.from_numpy(arguments[name])
        else:
            value = arguments[name]
            harms = [
                *shapes(loss, name, value),
                *kinds(loss, name, value),
                *values(loss, name, value, data.draw(st.integers(0, 10**6))),
                *whole(loss, name, value),
            ]
            harm, arguments[name] = data.draw(st.sampled_from(harms))
            if library != "numpy" and isinstance(arguments[name], np.ndarray) and arguments[name].dtype.kind in "UO":
                library = "numpy"
        if library in ("torch", "float16"):
            arguments = tensors(arguments, torch.float16 if library == "float16" else None)
            extra = tensors(extra)
        with pytest.raises((ValueError, TypeError)) as caught:
            print(loss.__name__, name, harm, library, loss(**arguments, **extra))
        message = str(caught.value)
        seen[loss.__name__] += 1
        if loss.batch and name == "options":
            assert "unexpected keyword" in message
            return
        assert "expected" in message, f"{name}, {harm}, {library}: {message}"
        assert "Usual cause" in message or "reduction" in message
        among = {*arrays(loss), *extra, name, "losses", "sample"}  # a shape may be the other argument's fault
        assert any(re.search(rf"\b{other}\b", message) for other in among), message
        if " at " in harm:
            place = np.unravel_index(int(harm.split(" at ")[1]), draw(loss)[name].shape)
            found = re.search(r" at \[([\d, ]+)\]", message)
            assert found, message
            assert tuple(map(int, found[1].split(", "))) == tuple(map(int, place[: found[1].count(",") + 1])), message

    refused()
    assert seen[loss.__name__] > 0.8 * EXAMPLES


def test_all_targets_ignored():
    logits, target = np.zeros((3, 4)), np.full(3, -100)
    with pytest.raises(ValueError, match=r"every sample has weight 0.*expected.*all targets are ignored"):
        lossbook.cross_entropy(logits, target)


@pytest.mark.parametrize("loss", LOSSES, ids=[loss.__name__ for loss in LOSSES])
def test_the_result_is_never_nan(loss):
    """What only all arguments together explain is refused after the formula."""
    arguments = draw(loss)
    for name in predictions(loss):
        space = loss.spaces[name]
        edge = 0.0 if space.ends[0] == "[" and space.low == 0 and space.holds is None else None
        edge = -math.inf if space.ends[0] == "[" and space.low == -math.inf else edge
        if edge is not None:
            arguments[name] = np.full_like(arguments[name], edge)
    arguments |= {
        name: np.zeros_like(arguments[name])
        for name in arguments
        if name in ("event", "target") and loss.spaces[name].low == 0 and loss.spaces[name].ends == "[]"
    }
    with np.errstate(all="ignore"):
        try:
            value = loss(**arguments, **none(loss))
        except ValueError:
            with pytest.raises(ValueError, match="NaN though each argument by itself is legal"):
                loss(**arguments, **none(loss))
        else:
            assert not np.isnan(value).any()


@pytest.mark.parametrize("loss", LOSSES, ids=[loss.__name__ for loss in LOSSES])
def test_a_misspelt_parameter(loss):
    with pytest.raises(TypeError, match="reducton"):
        loss(**draw(loss), reducton="sum")
    assert "reducton" not in inspect.signature(loss).parameters
