"""Examples of the arguments of any loss, drawn from the spaces that it declares."""

import inspect
import math
import re
from functools import partial

import numpy as np
import torch
from scipy.special import expit, log_softmax, logit, softmax

import lossbook
from lossbook._facts import Absent
from lossbook._spaces import draw as draw_sized

SIZES = {"n": 6, "c": 4, "d": 3, "m": 5, "t": 7, "u": 2, "...": (6,)}
LOSSES = list(lossbook.catalogue.values())


def draw(loss, seed=0, sizes=SIZES, **options):
    """Return keyword arguments for a loss: arrays of six samples, and the defaults of its parameters."""
    return draw_sized(loss, sizes, seed, **options)


def arrays(loss):
    """Return the names of the arguments that are arrays and must be given."""
    return [name for name, value in draw(loss).items() if isinstance(value, np.ndarray)]


def predictions(loss):
    """Return the names of the predictions that are real."""
    return [name for name in arrays(loss)[: loss.facts["predicted"]] if not loss.spaces[name].integral]


def parameters(loss):
    """Return the defaults of the parameters."""
    return {name: value for name, value in draw(loss).items() if name not in arrays(loss)}


def settings(loss, text):
    """Yield the parameters at which a text about a loss shall hold: defaults, and others for those that it names."""
    defaults = parameters(loss)
    yield defaults
    named = [name for name in defaults if re.search(rf"\b{name}\b", str(text))]
    named = [name for name in named if loss.spaces[name].axes is None and loss.spaces[name].draw is not None]
    if isinstance(text, Absent) or not named:
        return
    for seed in (1, 2):
        drawn = draw(loss, seed, parameters=True)
        yield defaults | {name: drawn[name] for name in named}
    ends = {name: (loss.spaces[name].low, loss.spaces[name].high, loss.spaces[name].ends) for name in named}
    yield defaults | {name: float(low) for name, (low, _, kind) in ends.items() if kind[0] == "["}
    yield defaults | {name: float(high) for name, (_, high, kind) in ends.items() if kind[1] == "]"}


def wild(loss, seed=0, *, scale, samples=6):
    """Return arguments that are spread over orders of magnitude up to `scale`, as far as their spaces allow."""
    rng = np.random.default_rng((seed, 1))  # not the stream that the values come from
    arguments = draw(loss, seed, sizes={**SIZES, "...": (samples,)})
    for name in arrays(loss):
        space, value = loss.spaces[name], arguments[name]
        if space.integral or np.all(np.isin(value, (-1, 0, 1))):  # classes, in any form
            continue
        power = scale ** rng.uniform(-1, 1, size=(len(value),) + (1,) * (value.ndim - 1))
        spread = constrain(space, power * unconstrain(space, value))
        if space.holds is None or bool(np.all(space.holds(np, spread))):
            arguments[name] = spread
    return arguments


def unconstrain(space, value):
    """Map a value of a space to reals, or to a cone that the space is."""
    if (space.low, space.high) != (0, 1):
        return value
    with np.errstate(divide="ignore"):
        return logit(value) if space.holds is None else np.log(value)


def constrain(space, value):
    """Undo `unconstrain`."""
    if (space.low, space.high) != (0, 1):
        return value
    value = np.clip(value, -700, 15)  # neither end itself
    return expit(value) if space.holds is None else softmax(value, axis=-1)


def uninformed(space, shape):
    """Return the prediction that knows nothing."""
    if (space.low, space.high) == (0, 1):
        return np.full(shape, 0.5 if space.holds is None else 1 / shape[-1])
    return np.full(shape, float(space.low == 0))


def tensors(arguments, dtype=None):
    """Return the arguments with tensors for arrays; real ones in `dtype`."""
    result = {}
    for name, value in arguments.items():
        if isinstance(value, np.ndarray):
            value = torch.from_numpy(value.copy())
            value = value.to(dtype) if dtype and value.is_floating_point() else value
        result[name] = value
    return result


def take(loss, arguments, samples):
    """Return the arguments with these samples of theirs, in this order."""
    result = dict(arguments)
    for name, value in arguments.items():
        if isinstance(value, np.ndarray) and loss.spaces[name].axes.split()[0] in ("n", "..."):
            result[name] = value[samples]
    return result


def none(loss):
    """Return the option that asks for one loss a sample, where there is one."""
    return {} if loss.batch else {"reduction": "none"}


def names(loss):
    """Return what the expressions of facts and identities may use."""
    return {
        **loss.formula.__globals__,
        **vars(math),
        **{
            name: other if other.batch else partial(other, reduction="none")
            for name, other in lossbook.catalogue.items()
        },
        "expit": expit,
        "softmax": lambda x: softmax(x, axis=-1),
        "log_softmax": lambda x: log_softmax(x, axis=-1),
        "np": np,
    }


def accepts(loss, name):
    return name in inspect.signature(loss).parameters
