"""Examples of the arguments of any loss, drawn from the spaces that it declares."""

import numpy as np
import torch

from lossbook._loss import draw as draw_sized

SIZES = {"n": 6, "c": 4, "d": 3, "...": (6,)}


def draw(loss, seed=0, sizes=SIZES):
    """Return keyword arguments for a loss: arrays of six samples, and the defaults of its parameters."""
    return draw_sized(loss, sizes, seed)


def arrays(loss):
    """Return the names of the arguments that are arrays and must be given."""
    return [name for name, value in draw(loss).items() if isinstance(value, np.ndarray)]


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
    for name in arrays(loss):
        if loss.spaces[name].axes.split()[0] in ("n", "..."):
            result[name] = arguments[name][samples]
    return result
