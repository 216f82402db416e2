"""Losses of classes: decided labels, probabilities, and scores before a sigmoid or softmax."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import expectation, largest, log_softmax, namespace, one_hot, pick, project, softplus, xlogy
from ._spaces import (
    distribution,
    either,
    event,
    fraction,
    index,
    label,
    logits,
    number,
    optional,
    positive,
    probability,
    real,
    sign,
)

_LATE = [0, 0, 0, 1, 1]
_MARGIN = dict(score=real(), target=sign())
_MARGINS = dict(score=[-2, -1, 0.5, 2, -0.5], target=[-1, -1, -1, 1, 1])
_ROWS = dict(logits=logits(), target=index())
_DECIDED = Absent("decided labels are no scores: no slope, no probability")
_NO_LINK = dict(link=Absent("the best score does not tell the probability"))


@loss(
    dict(prediction=label(), target=label()),
    dict(
        elicits="mode",
        value_at_chance=Absent("depends on how many labels there are: with c equally frequent ones 1 - 1/c"),
        calibrated=Absent("it is the loss that the others are calibrated for"),
        **dict.fromkeys(("convex", "lipschitz", "link", "proper", "symmetric"), _DECIDED),
    ),
    example=(dict(prediction=[0, 0, 1, 1, 0], target=_LATE), 2 / 5),
    torch=Absent("an accuracy has no gradient; (prediction != target).float().mean() is the plain expression"),
    keras=Absent("has its complement as a metric, Accuracy"),
    sklearn="zero_one_loss(target, prediction)",
    source="bartlett2006convexity",
)
def zero_one(prediction, target):
    r"""0-1 loss, :math:`[\hat y\ne y]`; its mean is the error rate.

    It is flat wherever it does not jump, so it has no useful gradient.
    """
    xp = namespace(prediction, target)
    return xp.astype(prediction != target, xp.empty(0).dtype)


@loss(
    dict(probability=probability(), target=event()),
    dict(
        value_at_chance="log(2)",
        link="probability",
        proper=True,
        calibrated=True,
        convex=True,
        lipschitz=math.inf,
        unit="nats",
    ),
    example=(
        dict(probability=[0.1, 0.2, 0.5, 0.8, 0.25], target=_LATE),
        (3 * math.log(2) - math.log(0.9 * 0.8**2)) / 5,
    ),
    torch="F.binary_cross_entropy(probability, target)",
    keras="losses.BinaryCrossentropy()(target, probability)",
    sklearn="log_loss(target, probability, labels=[0, 1])",
    source="good1952rational",
)
def binary_cross_entropy(probability, target):
    r"""Binary cross-entropy of probabilities, :math:`-[y\log p+(1-y)\log(1-p)]`.

    A probability of 0 for what happened costs infinitely much. Where the probability comes out of a sigmoid,
    :func:`binary_cross_entropy_with_logits` is exact where this one has already rounded.
    """
    return -(xlogy(target, probability) + xlogy(1 - target, 1 - probability))


@loss(
    dict(logits=real(), target=event(), pos_weight=positive()),
    dict(
        value_at_chance="(1 + pos_weight) / 2 * log(2)",
        link="expit(logits)",
        proper="pos_weight == 1",
        calibrated="pos_weight == 1",
        convex=True,
        lipschitz="max(1, pos_weight)",
        unit="nats",
    ),
    example=(dict(logits=[0, 0, -math.log(3)], target=[0, 1, 1], pos_weight=2.0), math.log(2 * 2**2 * 4**2) / 3),
    identities=["binary_cross_entropy_with_logits(logits, target) == binary_cross_entropy(expit(logits), target)"],
    torch="F.binary_cross_entropy_with_logits(logits, target, "
    "pos_weight=torch.as_tensor(pos_weight, dtype=logits.dtype))",
    keras="losses.BinaryCrossentropy(from_logits=True)(target, logits)",
    sklearn="log_loss(target, expit(logits), labels=[0, 1])",
    source="cox1958regression",
)
def binary_cross_entropy_with_logits(logits, target, *, pos_weight=1.0):
    r"""Binary cross-entropy of logits, :math:`y\log(1+e^{-z})+(1-y)\log(1+e^z)`.

    Equal to :func:`binary_cross_entropy` of :math:`p=1/(1+e^{-z})`, and finite for every finite logit.

    Parameters
    ----------
    pos_weight : float above 0
        Multiplies the losses of class 1. Other than 1 it moves the probabilities, to :math:`wp/(wp+1-p)`.
    """
    return pos_weight * target * softplus(-logits) + (1 - target) * softplus(logits)


@loss(
    dict(
        logits=logits(),
        target=either(index(besides="ignore_index"), distribution()),
        class_weight=optional(positive("c")),
        ignore_index=number(),
        label_smoothing=fraction(),
    ),
    dict(
        value_at_chance="log(c)",
        link="softmax(logits)",
        proper="label_smoothing == 0",
        calibrated="label_smoothing < 1",
        convex=True,
        lipschitz="sqrt((1 - label_smoothing / c) ** 2 + (1 - label_smoothing + label_smoothing / c) ** 2"
        " + (c - 2) * (label_smoothing / c) ** 2)",
        unit="nats, times the weight of its class",
    ),
    example=(dict(logits=[[0, 0, math.log(2)], [math.log(2), 0, 0]], target=[2, 1]), (math.log(2) + math.log(4)) / 2),
    torch="F.cross_entropy(logits, target, weight=class_weight, ignore_index=ignore_index, "
    "label_smoothing=label_smoothing)",
    keras="losses.SparseCategoricalCrossentropy(from_logits=True)(target, logits)",
    sklearn="log_loss(target, softmax(logits), labels=range(logits.shape[-1]))",
    source="good1952rational",
)
def cross_entropy(logits, target, *, class_weight=None, ignore_index=-100, label_smoothing=0.0):
    r"""Softmax cross-entropy of logits, :math:`-\sum_k t_k\log p_k` with :math:`p=\operatorname{softmax}(z)`.

    Parameters
    ----------
    target : array of integers, shape (...), or of reals, shape (..., c)
        Class indices, or :math:`t`, rows of probabilities.
    class_weight : array, shape (c,), optional
        Multiplies the terms of each class; the mean divides by the weights of the targets. (For targets given
        as probabilities PyTorch divides by the number of samples instead.)
    ignore_index : int
        Samples with this class index count for nothing.
    label_smoothing : float from 0 to 1
        Share of the target that is spread evenly over all classes, the true one included.
    """
    xp = namespace(logits, target)
    kept = None
    if xp.isdtype(target.dtype, "integral"):
        kept = target != ignore_index
        target = one_hot(target, logits)
    weights = xp.ones_like(logits[..., 0]) if class_weight is None else xp.sum(target * class_weight, axis=-1)
    target = (1 - label_smoothing) * target + label_smoothing / logits.shape[-1]
    log_p = log_softmax(logits)
    losses = -expectation(target if class_weight is None else target * class_weight, log_p)
    if kept is not None:
        losses, weights = (xp.where(kept, value, 0.0) for value in (losses, weights))
    return losses, weights


@loss(
    _MARGIN,
    dict(**_NO_LINK, value_at_chance=1, proper=False, calibrated=True, convex=True, lipschitz=1),
    example=(_MARGINS, (1.5 + 1.5) / 5),
    torch=Absent("HingeEmbeddingLoss and MultiMarginLoss are other losses"),
    keras="losses.Hinge()(target, score)",
    sklearn="hinge_loss(target, score, labels=[-1, 1])",
    source="cortes1995support",
)
def hinge(score, target):
    r"""Hinge loss, :math:`\max(0,\,1-ys)`: nothing once the score is right by a margin of 1.

    The sign of the score is the decision.
    """
    xp = namespace(score, target)
    return xp.clip(1 - target * score, min=0)


@loss(
    _MARGIN,
    dict(value_at_chance=1, link="(score + 1) / 2", proper=True, calibrated=True, convex=True, lipschitz=math.inf),
    example=(_MARGINS, (1.5**2 + 1.5**2) / 5),
    identities=["squared_hinge(score, target) == hinge(score, target) ** 2"],
    keras="losses.SquaredHinge()(target, score)",
    sklearn=Absent("the loss of LinearSVC, not a function of its own"),
    source="zhang2004statistical",
)
def squared_hinge(score, target):
    r"""Squared hinge loss, :math:`\max(0,\,1-ys)^2`: smooth, and with a probability in it, :math:`(s+1)/2`."""
    return hinge.formula(score, target) ** 2


@loss(
    _MARGIN,
    dict(value_at_chance=1, link="(score + 1) / 2", proper=True, calibrated=True, convex=True, lipschitz=4),
    example=(dict(score=[-2, -1, 0.5, 2, -1.5], target=_MARGINS["target"]), (1.5**2 + 6) / 5),
    sklearn=Absent("a loss of SGDClassifier, not a function of its own"),
    source="zhang2004solving",
)
def modified_huber(score, target):
    r"""Huber's loss of a margin, :math:`\max(0,\,1-ys)^2` where :math:`ys\ge-1`, below that the line :math:`-4ys`.

    The squared hinge with an outlier's pull bounded; what it knows of the probability it keeps.
    """
    xp = namespace(score, target)
    margin = target * score
    return xp.clip(1 - xp.clip(margin, min=-1), min=0) ** 2 + 4 * xp.clip(-1 - margin, min=0)


@loss(
    _MARGIN,
    dict(value_at_chance=1, link="expit(2 * score)", proper=True, calibrated=True, convex=True, lipschitz=math.inf),
    example=(dict(score=[-1, 0, 2], target=[1, -1, 1]), (math.e + 1 + math.exp(-2)) / 3),
    sklearn=Absent("the loss of AdaBoost and of GradientBoostingClassifier, not a function of its own"),
    source="freund1997decision",
)
def exponential(score, target):
    r"""Exponential loss, :math:`e^{-ys}`, which boosting minimises; one mislabelled sample can own the whole sum."""
    return namespace(score, target).exp(-target * score)


@loss(
    _MARGIN,
    dict(**_NO_LINK, value_at_chance=0, proper=False, calibrated=False, convex=True, lipschitz=1),
    example=(_MARGINS, (0.5 + 0.5) / 5),
    sklearn=Absent("a loss of SGDClassifier, not a function of its own"),
    source="rosenblatt1958perceptron",
)
def perceptron(score, target):
    r"""Perceptron loss, :math:`\max(0,\,-ys)`: the hinge without a margin.

    A score of 0 for everything costs nothing, and where classes overlap it is the best there is.
    """
    return namespace(score, target).clip(-target * score, min=0)


@loss(
    _ROWS,
    dict(**_NO_LINK, value_at_chance=1, proper=False, calibrated=False, convex=True, lipschitz=2**0.5),
    example=(dict(logits=[[3, 1, 0], [1, 1.5, 0]], target=[0, 0]), 1.5 / 2),
    torch=Absent("MultiMarginLoss sums over the classes and divides by their number"),
    keras=Absent("CategoricalHinge counts a rival of score 0 that is not there, where all others are below 0"),
    sklearn="hinge_loss(target, logits, labels=range(logits.shape[-1]))",
    source="crammer2001algorithmic",
)
def crammer_singer(logits, target):
    r"""Multi-class hinge loss, :math:`\max(0,\,1+\max_{k\ne y}z_k-z_y)`.

    Where no class has more than half of the probability, equal scores for all are its optimum.
    """
    xp = namespace(logits, target)
    others = xp.where(one_hot(target, logits) == 1, -xp.inf, logits)
    return xp.clip(1 + xp.max(others, axis=-1) - pick(logits, target), min=0)


@loss(
    dict(logits=real("... c"), target=index()),
    dict(
        value_at_chance="(1 - 1 / c) / 2",
        link="project(logits)",
        proper=True,
        calibrated=True,
        convex=True,
        lipschitz=2**0.5,
    ),
    example=(dict(logits=[[2, 0, 0], [0, 0, 0]], target=[0, 1]), (0 + 1 / 3) / 2),
    source="martins2016softmax",
)
def sparsemax(logits, target):
    r"""Sparsemax loss: :math:`\frac12(1-\|p\|^2)+p^\top z-z_y`, where :math:`p`, unlike softmax, may hold zeros.

    :math:`p` is the distribution nearest to the logits. The loss is exactly 0 once the true score leads by 1.
    """
    xp = namespace(logits, target)
    logits = logits - largest(logits)
    p = project(logits)
    return xp.sum(p * logits, axis=-1) - pick(logits, target) + (1 - xp.sum(p**2, axis=-1)) / 2
