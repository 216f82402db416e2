"""Spaces: what an argument of a loss may be, refused with a reason where it is not, and drawn for the tests."""

import inspect
import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ._math import is_tensor, namespace


@dataclass(frozen=True, kw_only=True)
class Space:
    """The set that one argument lives in: its axes and the values it may hold, and how to draw some.

    Parameters
    ----------
    axes : str or None
        Names of the axes, such as "n d"; "..." stands for any number of them, a digit for an axis of that size.
        An axis that occurs in several arguments has one size. None is a plain number.
    expected : str
        Completes "expected ..."; may name axes as in "below {c}".
    cause : str
        Completes "Usual cause: ..." where values do not belong to it.
    draw : callable
        ``draw(rng, shape, sizes)`` returns an example as a NumPy array.
    low, high : float or str
        Bounds of the values; a string names the axis whose size is the bound.
    ends : {"()", "[)", "(]", "[]"}
        Which bounds belong to the space.
    integral : bool
        Whether only integers belong to it.
    besides : str
        Name of the parameter that holds one more permitted value.
    holds : callable, optional
        ``holds(xp, value)`` tells of each entry, or of each row, whether it meets a further condition.
    suspect : callable, optional
        ``suspect(xp, value)`` tells whether legal values look like a mistake; ``suspicion`` says which.
    smallest : int
        Least size of the last axis.
    misshapen : str
        The usual cause of a shape that does not fit, where it is another than broadcasting.
    otherwise : Space, optional
        The space of arguments of real dtype, where this one is for integers.
    optional : bool
        Whether None belongs to it too.
    """

    axes: str | None
    expected: str
    cause: str
    draw: Callable | None = None
    low: float = -math.inf
    high: float | str = math.inf
    ends: str = "()"
    integral: bool = False
    besides: str = ""
    holds: Callable | None = None
    suspect: Callable | None = None
    suspicion: str = ""
    smallest: int = 1
    misshapen: str = ""
    otherwise: "Space | None" = None
    optional: bool = False

    @property
    def kind(self):
        """What the documentation calls an argument of this space."""
        if self.axes is None:
            return "int" if self.integral else "float"
        comma = "," if len(self.axes.split()) == 1 and self.axes != "..." else ""
        return f"array{' of integers' if self.integral else ''}, shape ({self.axes.replace(' ', ', ')}{comma})"

    def shape(self, sizes):
        """Return the shape of an argument whose axes have these sizes; a plain number has none."""
        axes = self.axes.split() if self.axes else []
        sizes = [int(axis) if axis.isdigit() else sizes[axis] for axis in axes]
        return tuple(int(part) for size in sizes for part in np.atleast_1d(size))

    def fit_shape(self, name, shape, sizes):
        """Bind the sizes of the axes, or refuse a shape that does not fit those already bound."""
        __tracebackhide__ = True  # the reader wants the line that called, not this one
        if 0 in shape:
            raise ValueError(
                f"{name} has shape {shape}: it is empty, expected at least one sample. "
                "Usual cause: a filter or a mask that left nothing."
            )
        axes = self.axes.split()
        lead = len(shape) - len(axes) + 1 if axes[0] == "..." else 0
        parts = [shape[:lead], *shape[lead:]] if axes[0] == "..." and lead >= 0 else list(shape)
        fits = len(parts) == len(axes) and (len(shape) == 0 or shape[-1] >= self.smallest)
        for axis, size in zip(axes, parts, strict=False):
            fits &= sizes.setdefault(axis, (int(axis) if axis.isdigit() else size, name))[0] == size
        if not fits:
            known = [sizes[axis] for axis in axes if axis in sizes and sizes[axis][1] != name]
            wanted = [sizes[axis][0] if known and axis in sizes else axis for axis in axes]
            wanted = [n for size in wanted for n in (size if isinstance(size, tuple) else (size,))]
            expected = ", ".join(map(str, wanted)) + ("," if len(wanted) == 1 else "")
            beside = f" to go with {known[0][1]}" if known else f" with at least {self.smallest} on the last axis"
            cause = self.misshapen or _broadcast(shape, wanted)
            raise ValueError(f"{name} has shape {shape}, expected ({expected}){beside}. Usual cause: {cause}.")

    def fit_values(self, name, value, sizes, arguments):
        """Refuse values outside the space; cheap where all is well, a search for the culprit where not."""
        __tracebackhide__ = True
        xp = namespace(value)
        high = sizes[self.high][0] if isinstance(self.high, str) else self.high
        if (self.low, high, self.ends) == (-math.inf, math.inf, "()"):
            with np.errstate(over="ignore", invalid="ignore"):
                fine = math.isfinite(float(xp.sum(value)))  # one pass; a sum that overflows is looked at below
        else:
            # Comparisons of Python numbers are far cheaper than those of tensors; NaN fails them all. With its axes
            # named PyTorch takes the faster way.
            every = tuple(range(value.ndim))
            extremes = xp.min(value, axis=every), xp.max(value, axis=every)
            fine = all(self._inside(float(extreme), high) for extreme in extremes)
        if not fine:
            right = self._inside(value, high)
            if self.besides:
                right = right | (value == arguments[self.besides])
            fine = bool(xp.all(right))
        if fine and self.holds is not None:
            right = self.holds(xp, value)
            fine = bool(xp.all(right))
        if not fine:
            where = np.argwhere(np.array((~right).tolist()))  # a tensor's dtype or device may be none of NumPy's
            first = tuple(int(i) for i in where[0])
            kind = "values" if len(first) == value.ndim else "rows"
            at = f" at {list(first)} ({len(where)} of {math.prod(right.shape)} {kind})" if first else ""
            expected = self.expected.format(**{axis: size for axis, (size, _) in sizes.items()})
            culprit = np.array2string(np.array(value[first].tolist()), precision=6, separator=", ")
            raise ValueError(f"{name} holds {culprit}{at}, expected {expected}. Usual cause: {self.cause}.")
        if self.suspect is not None and self.suspect(xp, value):
            warnings.warn(f"{name} {self.suspicion}", stacklevel=5)

    def fit_number(self, name, value):
        """Refuse a number outside the space; it may be learned, a tensor without axes."""
        __tracebackhide__ = True
        if is_tensor(value) and value.ndim == 0:
            value = value.item()
        kinds = (int, np.integer) if self.integral else (int, float, np.integer, np.floating)
        if isinstance(value, bool) or not isinstance(value, kinds):
            raise TypeError(f"{name} is {value!r}, expected {self.expected}. Usual cause: {self.cause}.")
        if not self._inside(value, self.high):
            raise ValueError(f"{name} is {value!r}, expected {self.expected}. Usual cause: {self.cause}.")

    def _inside(self, value, high):
        above = value >= self.low if self.ends[0] == "[" else value > self.low
        return above & (value <= high if self.ends[1] == "]" else value < high)


def _broadcast(shape, wanted):
    """Guess why a shape is not the one wanted."""
    try:
        result = np.broadcast_shapes(shape, wanted)
    except (TypeError, ValueError):  # names of axes whose size is not known, or sizes that do not go together
        return "arguments of different samples or classes, or an axis too many"
    if len(shape) == len(wanted):
        return f"an axis of size 1, which would broadcast to {result} without a word"
    column = max(shape, tuple(wanted), key=len)
    mend = f"; use .squeeze(-1) on the one of shape {column}" if column[-1] == 1 else ""
    return f"a column beside a row, which would broadcast to {result} without a word{mend}"


def real(axes="..."):
    """Finite numbers."""
    return Space(
        axes=axes,
        expected="finite numbers",
        draw=lambda rng, shape, sizes: rng.normal(size=shape),
        cause="training that diverged, log(0) or 0/0 further up, or missing values in the data",
    )


def positive(axes=None):
    """Finite numbers above 0."""
    return replace(
        real(axes),
        low=0,
        expected="finite numbers above 0",
        draw=lambda rng, shape, sizes: rng.gamma(2, size=shape) + 0.1,
        cause="its logarithm, or a difference that may have either sign",
    )


def nonnegative(axes):
    """Finite numbers of 0 and above."""
    return replace(
        positive(axes), ends="[)", expected="finite numbers of 0 and above", cause="differences where sizes belong"
    )


def nonzero(axes="..."):
    """Finite numbers other than 0."""
    return replace(
        real(axes),
        expected="finite numbers other than 0",
        holds=lambda xp, value: value != 0,
        draw=lambda rng, shape, sizes: _both([-1.0, 1.0], rng, shape) * (rng.gamma(2, size=shape) + 0.1),
        cause="an error relative to a target of 0, which is infinite; use an absolute one",
    )


def log_probability(axes="..."):
    """Logarithms of probabilities."""
    return replace(
        real(axes),
        high=0,
        ends="(]",
        expected="logarithms of probabilities, 0 and below",
        draw=lambda rng, shape, sizes: -rng.gamma(2, size=shape),
        cause="probabilities or losses where their logarithms, with their sign, belong",
    )


def fraction(axes=None):
    """Numbers from 0 to 1, both included."""
    return Space(
        axes=axes,
        low=0,
        high=1,
        ends="[]",
        expected="numbers from 0 to 1",
        draw=lambda rng, shape, sizes: rng.uniform(0.02, 0.98, size=shape),
        cause="a percentage",
    )


def probability(axes="..."):
    """Probabilities of one event each."""
    return replace(
        fraction(axes),
        expected="probabilities, from 0 to 1",
        cause="logits where probabilities belong; use the loss that takes logits, or a sigmoid first",
    )


def event(axes="..."):
    """Whether it happened: 0, 1, or a probability between."""
    return replace(
        fraction(axes),
        expected="0, 1 or a probability between",
        draw=lambda rng, shape, sizes: _both([0.0, 1.0], rng, shape),
        cause="labels -1 and 1, labels counted from 1, or a mask of 0 and 255",
    )


def sign(axes="..."):
    """Labels -1 and 1."""
    return replace(
        real(axes),
        expected="labels -1 and 1",
        holds=lambda xp, value: xp.abs(value) == 1,
        draw=lambda rng, shape, sizes: _both([-1.0, 1.0], rng, shape),
        cause="labels 0 and 1; use 2 * target - 1",
    )


def label(axes="..."):
    """Class labels, any integers."""
    return Space(
        axes=axes,
        integral=True,
        expected="class labels, whole numbers of an integer dtype",
        draw=lambda rng, shape, sizes: rng.integers(3, size=shape),
        cause="scores or probabilities where decided classes belong; use .argmax(-1), or compare with a threshold",
    )


def logits(axes="... c"):
    """Scores of classes; -inf rules a class out."""
    return replace(
        real(axes),
        ends="[)",
        expected="finite numbers, or -inf for classes that are ruled out",
        smallest=2,
        misshapen="one output for a yes-or-no question, over which a softmax is always 1 and the loss always 0; "
        "use the binary loss, or a missing axis of samples",
        suspect=_like_probabilities,
        suspicion="look like probabilities: every row is between 0 and 1 and sums to 1. Usual cause: a softmax "
        "before a loss that applies its own; pass the scores before the softmax",
    )


def index(axes="...", *, of="c", besides=""):
    """Class indices from 0 up to the size of the axis `of`."""
    return Space(
        axes=axes,
        low=0,
        high=of,
        ends="[)",
        integral=True,
        besides=besides,
        expected=f"class indices from 0, below {{{of}}}",
        draw=lambda rng, shape, sizes: rng.integers(sizes[of], size=shape),
        cause="labels counted from 1, a marker such as -1 or 255 for unlabelled, or too few outputs",
        misshapen="one-hot rows of integers or an axis of size 1 too many; use .argmax(-1) or .squeeze(-1). "
        "Classes stand on the last axis of the logits",
    )


def distribution(axes="... c"):
    """Probabilities over the last axis."""
    return replace(
        fraction(axes),
        expected="rows of probabilities that sum to 1",
        holds=lambda xp, value: xp.abs(xp.sum(value, axis=-1) - 1) < _rounding(xp, value),
        draw=lambda rng, shape, sizes: rng.dirichlet(np.ones(shape[-1]), size=shape[:-1]),
        cause="several labels at once; use the binary loss on each class",
        misshapen="class indices stored as floats; make them integers",
    )


def box(axes="... 4"):
    """Boxes by their corners: left, top, right, bottom."""

    def draw(rng, shape, sizes):
        corner = rng.normal(size=(*shape[:-1], 2))
        return np.concatenate([corner, corner + rng.gamma(2, size=corner.shape) + 0.1], axis=-1)

    return replace(
        real(axes),
        expected="corners x0, y0, x1, y1 with x0 < x1 and y0 < y1",
        holds=lambda xp, value: xp.all(value[..., 2:] > value[..., :2], axis=-1),
        draw=draw,
        cause="boxes given by a corner or the centre, width and height",
        misshapen="boxes that are not given by four numbers on the last axis",
    )


def ranking(axes="... c"):
    """Orders of the last axis: the index of the best item first."""
    return replace(
        index(axes),
        holds=lambda xp, value: xp.all(
            xp.sort(value, axis=-1) == xp.arange(value.shape[-1], dtype=value.dtype, device=value.device), axis=-1
        ),
        draw=lambda rng, shape, sizes: rng.permuted(np.broadcast_to(np.arange(shape[-1]), shape), axis=-1),
        expected="rows that hold each index below {c} once, the best item's first",
        cause="ranks or relevances where an order belongs; use scores.argsort(-1, descending=True)",
        misshapen="items that were left out of the order",
    )


def labelling(axes="... u", *, of="c"):
    """Sequences of class indices above 0, filled up with 0."""

    def draw(rng, shape, sizes):
        count = rng.integers(1, shape[-1] + 1, size=(*shape[:-1], 1))
        return np.where(np.arange(shape[-1]) < count, rng.integers(1, sizes[of], size=shape), 0)

    return replace(
        index(axes, of=of),
        holds=lambda xp, value: xp.all((value[..., 1:] == 0) | (value[..., :-1] != 0), axis=-1),
        draw=draw,
        expected=f"class indices from 1, below {{{of}}}, with zeros at the end only",
        cause="class 0 used for a symbol; it is the blank, and fills up short sequences",
        misshapen="",
    )


def number(axes=None):
    """Whole numbers."""
    return Space(axes=axes, integral=True, expected="a whole number", cause="None, or a number read from text")


def interval(low, high, ends="()"):
    """One number between two."""
    return Space(
        axes=None,
        low=low,
        high=high,
        ends=ends,
        expected=f"a number in {ends[0]}{low}, {high}{ends[1]}",
        draw=lambda rng, shape, sizes: rng.uniform(low, high),
        cause="a percentage, or the number of another parametrisation",
    )


def length(axes="...", *, of="t"):
    """How many entries of an axis count."""
    return replace(
        index(axes, of=of),
        low=1,
        ends="[]",
        draw=lambda rng, shape, sizes: rng.integers(sizes[of] - 1, sizes[of] + 1, size=shape),
        expected=f"lengths from 1 to {{{of}}}",
        cause="lengths before the sequences were shortened by the model",
        misshapen="",
    )


def either(integers, reals):
    """Integers of one space or reals of another: the dtype says which."""
    return replace(integers, otherwise=reals)


def optional(space):
    """Whatever `space` holds, or None."""
    return replace(space, optional=True)


def _both(values, rng, shape):
    """Draw an example with each of the values as often as the others."""
    return rng.permutation(np.resize(values, math.prod(shape))).reshape(shape)


def _like_probabilities(xp, value):
    inside = bool((xp.min(value) >= 0) & (xp.max(value) <= 1))
    return inside and bool(xp.all(xp.abs(xp.sum(value, axis=-1) - 1) < _rounding(xp, value)))


def _rounding(xp, value):
    """How far from 1 a sum of rounded probabilities may be."""
    return max(1e-3, xp.finfo(value.dtype).eps ** 0.5)


def draw(loss, sizes, seed=0, *, parameters=False):
    """Draw arguments of a loss from its spaces, as NumPy arrays.

    Parameters
    ----------
    loss : callable
        Declared with `loss`.
    sizes : dict of str to int or tuple of int
        The size of each axis, "..." included.
    seed : int
    parameters : bool
        Whether parameters too are drawn where their spaces allow it; else they keep their defaults.

    Returns
    -------
    dict
        Keyword arguments.
    """
    rng = np.random.default_rng(seed)
    arguments = {}
    for name, parameter in inspect.signature(loss.formula).parameters.items():
        space, must = loss.spaces[name], parameter.default is inspect.Parameter.empty
        if must or (parameters and space.draw is not None):
            value = space.draw(rng, space.shape(sizes), sizes)
            arguments[name] = float(value) if space.axes is None else np.asarray(value)
        else:
            arguments[name] = parameter.default
    return arguments
