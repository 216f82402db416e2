"""Losses of masks and boxes: how much of two regions overlaps."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import namespace
from ._spaces import box, event, nonnegative, probability

_MASK = dict(probability=probability("... d"), target=event("... d"))
_PIXELS = dict(probability=[[1, 0.5, 0.5, 0]], target=[[1, 1, 0, 0]])
_FACTS = dict(link="probability", proper=False, calibrated=False, convex=False, lipschitz=2)
_HALF = Absent("depends on the share of the mask: 1/2 where it is a half, near 1 where it is small")
_WHOLE = Absent("a mask, not probabilities")


@loss(
    _MASK,
    dict(**_FACTS, elicits=_WHOLE, value_at_chance=_HALF),
    example=(_PIXELS, 1 - 3 / 4),
    identities=["dice(probability, target) == tversky(probability, target, alpha=0.5, beta=0.5)"],
    keras="losses.Dice(axis=-1)(target, probability)",
    source="drozdzal2016importance",
)
def dice(probability, target):
    r"""Soft Dice loss of a mask, :math:`1-\frac{2\sum_dp_dy_d}{\sum_dp_d+\sum_dy_d}`.

    One loss an image: pixels stand on the last axis, so flatten images, not the batch. An image without any mask
    has a loss of 1 for every prediction but 0. What comes out is a mask, not probabilities.
    """
    return tversky.formula(probability, target, alpha=0.5, beta=0.5)


@loss(
    dict(**_MASK, alpha=nonnegative(None), beta=nonnegative(None)),
    dict(**_FACTS, elicits=_WHOLE, value_at_chance=_HALF),
    example=(dict(**_PIXELS, alpha=2.0, beta=3.0), 1 - 1.5 / (1.5 + 2 * 0.5 + 3 * 0.5)),
    keras=Absent("Tversky of Keras 3.15.1 weighs the false alarms with beta, against its documentation"),
    source="salehi2017tversky",
)
def tversky(probability, target, *, alpha=0.5, beta=0.5):
    r"""Tversky loss of a mask: Dice with weights for false alarms and for misses.

    .. math:: 1-\frac{\sum p_dy_d}{\sum p_dy_d+\alpha\sum p_d(1-y_d)+\beta\sum(1-p_d)y_d}

    Parameters
    ----------
    alpha, beta : float of 0 or above
        Weights of the false alarms and of the misses; both 0.5 is :func:`dice`.
    """
    xp = namespace(probability, target)
    hit, alarm, miss = (
        xp.sum(part, axis=-1) for part in (probability * target, probability * (1 - target), (1 - probability) * target)
    )
    return 1 - hit / (hit + alpha * alarm + beta * miss)


@loss(
    dict(prediction=box(), target=box()),
    dict(convex=False, lipschitz=math.inf),
    example=(dict(prediction=[[0, 0, 2, 2], [0, 0, 1, 1]], target=[[1, 0, 3, 2], [2, 0, 3, 1]]), (2 / 3 + 4 / 3) / 2),
    torch=Absent("torchvision has it, as generalized_box_iou_loss"),
    source="rezatofighi2019generalized",
)
def giou(prediction, target):
    r"""Generalised intersection-over-union loss of boxes, :math:`1-\frac{I}{U}+\frac{C-U}{C}`, from 0 to 2.

    :math:`I` and :math:`U` are the areas of intersection and union, :math:`C` that of the smallest box around both.
    Where boxes do not meet, :math:`I/U` has no gradient; the last term pulls them together.
    """
    xp = namespace(prediction, target)

    def area(low, high):
        return xp.prod(xp.clip(high - low, min=0), axis=-1)

    low, high, low_target, high_target = prediction[..., :2], prediction[..., 2:], target[..., :2], target[..., 2:]
    shared = area(xp.maximum(low, low_target), xp.minimum(high, high_target))
    union = area(low, high) + area(low_target, high_target) - shared
    hull = area(xp.minimum(low, low_target), xp.maximum(high, high_target))
    return 1 - shared / union + (hull - union) / hull
