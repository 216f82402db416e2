"""A loss: a formula, the spaces that its arguments live in, and facts about it that the tests prove.

A formula is a pure function that returns one value a sample. The decorator `loss` adds what is the same for all
of them: the checks of what comes in, the reduction of what goes out, and weights.
"""

import functools
import inspect
import re
import sys
from dataclasses import replace
from types import MappingProxyType

import numpy as np

from ._facts import NONE, Facts
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


def loss(
    spaces,
    facts,
    *,
    example,
    source,
    identities=(),
    torch=NONE,
    keras=NONE,
    sklearn=NONE,
    predicted=1,
    detached="",
    batch=False,
):
    """Make a formula a loss.

    Parameters
    ----------
    spaces : dict of str to Space
        One for each parameter of the formula; predictions first.
    facts : dict
        The parameters of `Facts`. Losses of classes are not symmetric unless that is declared.
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
    facts = dict(symmetric=False) | facts if "calibrated" in facts else facts
    facts = vars(Facts(**facts)) | dict(
        example=example,
        source=source,
        identities=identities,
        torch=torch,
        keras=keras,
        sklearn=sklearn,
        predicted=predicted,
        detached=detached,
        batch=batch,
    )

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
        # A code object of its own: torch.compile keeps few versions for each, and tracebacks show its name.
        checked.__code__ = checked.__code__.replace(co_name=formula.__name__)
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
