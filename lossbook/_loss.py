"""A loss: a formula, the spaces that its arguments live in, and facts about it that the tests prove.

A formula is a pure function that returns one value a sample. The decorator `loss` adds what is the same for all
of them: the checks of what comes in, the reduction of what goes out, and weights.
"""

import functools
import inspect
import math
import re
import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ._math import is_tensor, namespace
from ._spaces import nonnegative, real

_KINDS = ("bool", "integral", "real floating")
REDUCTIONS = ("none", "sum", "mean")

_REDUCTION_DOC = """\
reduction : {"mean", "sum", "none"}, default "mean"
    How the losses of the samples become one number; "none" keeps one a sample.
weight : array, shape of the losses, optional
    Weights of the samples, 0 and above. They multiply the losses, and the mean divides by their sum."""
_DOC = """\
{text}

Parameters
----------
{parameters}

Returns
-------
array
    {returned}, {unit}.

Raises
------
TypeError, ValueError
    Shapes that would broadcast, wrong kinds of numbers, values outside their space, NaN. The message names
    the argument, what came, what was expected and the usual cause. ``{name}.formula`` is the unchecked way.
"""


class Absent(str):
    """Stands where a library has no such call; the text says why."""


def _check(spaces, arguments):
    """Return the arguments with integers promoted to reals where those belong, or refuse them."""
    __tracebackhide__ = True
    sizes, arrays = {}, {}
    for name, value in arguments.items():
        if spaces[name].axes is None:
            spaces[name].fit_number(name, value)
        elif value is not None or not spaces[name].optional:
            if not is_tensor(value) and not isinstance(value, (np.ndarray, np.generic)):
                raise TypeError(
                    f"{name} is a {type(value).__name__}, expected a NumPy array or a torch tensor. "
                    "Usual cause: a list, a pandas object or None; use numpy.asarray or torch.as_tensor."
                )
            arrays[name] = value
    try:
        xp = namespace(*arrays.values())
    except TypeError:
        kinds = ", ".join(f"{name} is a {type(value).__name__}" for name, value in arrays.items())
        raise TypeError(
            f"{kinds}; expected arrays of one library. "
            "Usual cause: a target that was never made a tensor; use torch.as_tensor."
        ) from None
    reals = [value.dtype for value in arrays.values() if xp.isdtype(value.dtype, "real floating")]
    real = xp.result_type(*reals) if reals else xp.empty(0).dtype
    chosen = {
        name: spaces[name].otherwise if spaces[name].otherwise and value.dtype in reals else spaces[name]
        for name, value in arrays.items()
    }
    for name, value in arrays.items():
        chosen[name].fit_shape(name, tuple(value.shape), sizes)
    for name, value in arrays.items():
        space = chosen[name]
        if not xp.isdtype(
            value.dtype, ("bool", "integral") if space.integral else ("bool", "integral", "real floating")
        ):
            cause = space.cause if space.integral else "text, dates or complex numbers"
            raise TypeError(f"{name} has dtype {value.dtype}, expected {space.expected}. Usual cause: {cause}.")
        if value.dtype not in reals:
            arrays[name] = value = xp.astype(value, xp.int64 if space.integral else real)
        if not _compiling(value):
            space.fit_values(name, value.detach() if is_tensor(value) else value, sizes, arguments)
    return {**arguments, **arrays}


def _compiling(value):
    """Under torch.compile values cannot be looked at; shapes can."""
    return is_tensor(value) and sys.modules["torch"].compiler.is_compiling()


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
            arguments[name] = float(value) if space.axes is None else value
        else:
            arguments[name] = parameter.default
    return arguments


def fact(loss, name, **known):
    """Evaluate a fact of a loss.

    Parameters
    ----------
    loss : callable
        Declared with `loss`.
    name : str
        Which of `loss.facts`.
    **known
        Parameters and sizes of axes; parameters not given have their defaults.

    Returns
    -------
    object
        Its value; a text that is the name of an argument, or that is `Absent`, stays what it is.
    """
    value = loss.facts[name]
    is_argument = value in loss.spaces and loss.spaces[value].axes is not None
    if isinstance(value, Absent) or not isinstance(value, str) or is_argument:
        return value
    defaults = {key: parameter.default for key, parameter in inspect.signature(loss.formula).parameters.items()}
    return eval(value, {**loss.formula.__globals__, **vars(math), **defaults, **known})


_NONE = Absent("no loss of this kind")
_NO_CLASS = Absent("the target is no class")
_UNLESS_DECLARED = dict(
    elicits=Absent("no functional with a name"),
    lower_bound=0,
    value_at_chance=Absent("depends on the targets: compare with the loss of the best constant"),
    unit="",
    **dict.fromkeys(("link", "proper", "calibrated", "symmetric"), _NO_CLASS),
)


def loss(
    spaces,
    facts,
    *,
    example,
    source,
    identities=(),
    torch=_NONE,
    keras=_NONE,
    sklearn=_NONE,
    predicted=1,
    detached="",
    batch=False,
):
    """Make a formula a loss, with facts that hold at the defaults of its parameters or are functions of them.

    A fact that depends on parameters or on the sizes of the axes is text, a Python expression in them, which the
    atlas prints and `fact` evaluates. One that cannot be had is `Absent` and says why.

    Parameters
    ----------
    spaces : dict of str to Space
        One for each parameter of the formula; predictions first.
    facts : dict
        convex
            Whether the loss of a sample is convex in its predictions together; or the name of the one prediction
            in which it is, where it is not in all together.
        lipschitz
            Least upper bound of the length of the gradient in the first argument, a sample; or infinite.
        lower_bound
            Greatest lower bound of the loss; 0 unless declared.
        value_at_chance
            Mean loss where every prediction is uninformed (0, a half, or equal shares) and classes are balanced.
        elicits
            What the best constant prediction estimates.
        link
            The probabilities that belong to a prediction.
        proper
            Whether the expected loss is least only where the link gives the true probabilities.
        calibrated
            Whether it is least only where the most probable class is decided for.
        symmetric
            Whether the losses of one prediction, summed over all classes, are constant; for classes no unless
            declared.
        unit
            Of the loss; empty where it has none.
    example : tuple of dict and float
        Arguments, arrays as lists, and the mean loss worked out by hand.
    source : str
        Key in references.bib.
    identities : list of str
        Equations, ``"left == right"`` sample by sample, that relate it to other losses and formulas.
    torch, keras, sklearn : str or Absent
        The same loss elsewhere.
    predicted : int
        How many of the leading arguments are predictions.
    detached : str
        The prediction through which the formula stops a part of the gradient.
    batch : bool
        The formula couples the batch and returns one number for all of it: no reduction, no weights, and not the
        mean of the losses of its parts.

    Returns
    -------
    callable
        Decorator that turns the formula into a function that checks, calls it and reduces.
    """
    facts = {
        **_UNLESS_DECLARED,
        **(dict(symmetric=False) if "calibrated" in facts else {}),
        **facts,
        **dict(example=example, source=source, identities=identities, batch=batch),
        **dict(torch=torch, keras=keras, sklearn=sklearn, predicted=predicted, detached=detached),
    }

    def declare(formula):
        signature = inspect.signature(formula)
        if set(signature.parameters) != set(spaces):
            raise TypeError(f"{formula.__name__} takes {[*signature.parameters]}, its spaces are {[*spaces]}.")

        def call(args, parameters):
            __tracebackhide__ = True
            bound = signature.bind(*args, **parameters)
            bound.apply_defaults()
            return formula(**_check(spaces, bound.arguments))

        if batch:

            @functools.wraps(formula)
            def checked(*args, **parameters):
                __tracebackhide__ = True
                return _no_nan(call(args, parameters))

            added = []
        else:

            @functools.wraps(formula)
            def checked(*args, reduction="mean", weight=None, **parameters):
                __tracebackhide__ = True
                return _no_nan(_reduce(call(args, parameters), reduction, weight))

            added = [("reduction", "mean"), ("weight", None)]
        keyword = inspect.Parameter.KEYWORD_ONLY
        extra = [inspect.Parameter(key, keyword, default=default) for key, default in added]
        checked.__signature__ = signature.replace(parameters=[*signature.parameters.values(), *extra])
        checked.__doc__ = _document(formula, spaces, facts["unit"], batch)
        checked.formula, checked.batch = formula, batch
        task = formula.__module__.rpartition(".")[2]
        checked.spaces, checked.facts = MappingProxyType(dict(spaces)), MappingProxyType(dict(task=task, **facts))
        return checked

    return declare


def _document(formula, spaces, unit, batch):
    """Complete the docstring of a formula: arguments that it leaves to their spaces, and what all losses share."""
    text, _, own = inspect.getdoc(formula).partition("\n\nParameters\n----------\n")
    described = re.findall(r"^(\w.*) : ", own, re.MULTILINE)
    described = {name for names in described for name in names.split(", ")}
    entries = []
    for name, space in spaces.items():
        if name not in described:
            expected = space.expected.format_map({axis: axis for axis in (space.axes or "").split()} | {"c": "c"})
            entries.append(f"{name} : {space.kind}\n    {expected[0].upper()}{expected[1:]}.")
    return _DOC.format(
        name=formula.__name__,
        text=text,
        parameters="\n".join(entries + ([own] if own else []) + ([] if batch else [_REDUCTION_DOC])),
        returned="The loss of the batch" if batch else 'The mean or sum of the losses, or with "none" one a sample',
        unit=f"in {unit}" if unit else "without unit",
    )


_WEIGHTED = dict(losses=replace(real(), ends="[]"), weight=nonnegative("..."))


def _reduce(losses, reduction, weight):
    """Reduce losses, or weighted losses and what their mean divides by, over all samples."""
    __tracebackhide__ = True
    if reduction not in REDUCTIONS:
        raise ValueError(f"reduction={reduction!r}, expected one of {', '.join(REDUCTIONS)}.")
    losses, own = losses if isinstance(losses, tuple) else (losses, None)
    xp = namespace(losses)
    if weight is not None:
        weight = xp.astype(_check(_WEIGHTED, dict(losses=losses, weight=weight))["weight"], losses.dtype)
        losses, own = losses * weight, weight if own is None else own * weight
    if reduction == "none":
        return losses
    total = xp.sum(losses)
    if reduction == "sum":
        return total
    if own is None:
        return xp.mean(losses)
    divisor = xp.sum(own)
    if not _compiling(divisor) and float(divisor) == 0:
        raise ValueError(
            "every sample has weight 0, so the mean is 0/0, expected at least one that counts. "
            "Usual cause: a batch in which all targets are ignored; use reduction='sum' or leave the batch out."
        )
    return total / divisor


def _no_nan(result):
    __tracebackhide__ = True
    if not _compiling(result) and bool(namespace(result).any(result != result)):
        raise ValueError(
            "the loss is NaN though each argument by itself is legal, expected a number. "
            "Usual cause: a mask or a sample that leaves nothing to compare, such as a row of logits all -inf."
        )
    return result
