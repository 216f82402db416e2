"""Spaces: what an argument of a loss may be, refused with a reason where it is not, and drawn for the tests."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from ._math import namespace


@dataclass(frozen=True, kw_only=True)
class Space:
    """The set that one argument lives in: its axes and the values it may hold, and how to draw some.

    Parameters
    ----------
    axes : str or None
        Names of the axes, such as "n d"; "..." stands for any number of them. An axis that occurs in several
        arguments has one size. None is a plain Python number.
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

    def shape(self, sizes):
        """Return the shape of an argument whose axes have these sizes."""
        return tuple(int(size) for axis in self.axes.split() for size in np.atleast_1d(sizes[axis]))

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
        fits = len(parts) == len(axes) and (not shape or shape[-1] >= self.smallest)
        for axis, size in zip(axes, parts, strict=False):
            fits &= sizes.setdefault(axis, (size, name))[0] == size
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
        # Comparisons of Python numbers are far cheaper than those of tensors; NaN fails them all.
        fine = all(self._inside(float(extreme), high) for extreme in (xp.min(value), xp.max(value)))
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
        """Refuse a plain number outside the space."""
        __tracebackhide__ = True
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


def number(axes=None):
    """Whole numbers."""
    return Space(axes=axes, integral=True, expected="a whole number", cause="None, or a number read from text")


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
