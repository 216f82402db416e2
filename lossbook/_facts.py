"""What is declared about a loss: facts, which the tests prove and the atlas shows."""

import inspect
import math
from dataclasses import dataclass
from functools import partial


class Absent(str):
    """Stands where a fact cannot be had, or a library has no such call; the text says why."""


EVALUATED = ("convex", "lipschitz", "lower_bound", "value_at_chance", "link", "proper", "calibrated", "symmetric")
NONE = Absent("no loss of this kind")
_NO_CLASS = Absent("the target is no class")


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Facts that hold at the defaults of a loss's parameters, or are functions of them.

    A fact that depends on parameters or on the sizes of the axes is text, a Python expression in them, which the
    atlas prints and `fact` evaluates. One that cannot be had is `Absent` and says why.

    Parameters
    ----------
    convex : bool or str
        Whether the loss of a sample is convex in its predictions together; or the name of the one prediction in
        which it is, where it is not in all together.
    lipschitz : float or str
        Least upper bound of the length of the gradient in the first argument, a sample; or infinite.
    elicits : str
        What the best constant prediction estimates.
    lower_bound, value_at_chance : float or str
        Greatest lower bound of the loss, and its mean where every prediction is uninformed (0, a half, or equal
        shares) and classes are balanced.
    link : str
        The probabilities that belong to a prediction.
    proper, calibrated : bool or str
        Whether the expected loss is least only where the link gives the true probabilities; whether it is least
        only where the most probable class is decided for.
    symmetric : bool or str
        Whether the losses of one prediction, summed over all classes, are constant.
    unit : str
        Of the loss; empty where it has none.
    """

    convex: object
    lipschitz: object
    elicits: str = Absent("no functional with a name")
    lower_bound: object = 0
    value_at_chance: object = Absent("depends on the targets: compare with the loss of the best constant")
    link: str = _NO_CLASS
    proper: object = _NO_CLASS
    calibrated: object = _NO_CLASS
    symmetric: object = _NO_CLASS
    unit: str = ""


def fact(loss, name, **known):
    """Evaluate a fact of a loss.

    Parameters
    ----------
    loss : callable
        Declared with `loss`.
    name : str
        Which of `loss.facts`.
    **known
        Parameters and sizes of axes, and for the link the prediction; parameters not given have their defaults.

    Returns
    -------
    object
        Its value. What is no expression stays what it is: the name of an argument or of a functional, a call, and what
        is `Absent`.
    """
    value = loss.facts[name]
    is_argument = value in loss.spaces and loss.spaces[value].axes is not None
    if name not in EVALUATED or isinstance(value, Absent) or not isinstance(value, str) or is_argument:
        return value
    defaults = {key: parameter.default for key, parameter in inspect.signature(loss.formula).parameters.items()}
    from scipy.special import expit, softmax

    names = {**loss.formula.__globals__, **vars(math), "expit": expit, "softmax": partial(softmax, axis=-1)}
    return eval(value, names | defaults | known)
