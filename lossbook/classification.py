"""Losses of classes: decided labels, probabilities, and scores before a sigmoid or softmax."""

import math

from ._loss import Absent, loss
from ._math import logsumexp, namespace, softplus, xlogy
from ._spaces import (
    distribution,
    either,
    event,
    fraction,
    index,
    label,
    logits,
    nonnegative,
    number,
    optional,
    probability,
    real,
    sign,
)

_LATE = [0, 0, 0, 1, 1]


@loss(
    dict(prediction=label(), target=label()),
    task="classification",
    example=(dict(prediction=[0, 0, 1, 1, 0], target=_LATE), 2 / 5),
    torch=Absent("an accuracy has no gradient; (prediction != target).float().mean() is the plain expression"),
    keras=Absent("has its complement as a metric, Accuracy"),
    sklearn="zero_one_loss(target, prediction)",
    source="bartlett2006convexity",
)
def zero_one(prediction, target):
    r"""0-1 loss, :math:`[\hat y\ne y]`; its mean is the error rate.

    It is flat wherever it does not jump, so it has no useful gradient.

    Parameters
    ----------
    prediction, target : array of integers or booleans, shape (...)
        Decided class :math:`\hat y` and true class :math:`y`.

    Returns
    -------
    array, shape (...)
        1 where the two differ, else 0.
    """
    xp = namespace(prediction, target)
    return xp.astype(prediction != target, xp.empty(0).dtype)


@loss(
    dict(probability=probability(), target=event()),
    task="classification",
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

    Parameters
    ----------
    probability : array, shape (...)
        :math:`p`, the probability given to class 1.
    target : array, shape (...)
        :math:`y`: 0, 1, or a probability between.

    Returns
    -------
    array, shape (...)
        One loss a sample, in nats.
    """
    return -(xlogy(target, probability) + xlogy(1 - target, 1 - probability))


@loss(
    dict(logits=real(), target=event()),
    task="classification",
    example=(dict(logits=[0, 0, math.log(3), -math.log(3)], target=[0, 1, 1, 1]), math.log(2 * 2 * 4 / 3 * 4) / 4),
    torch="F.binary_cross_entropy_with_logits(logits, target)",
    keras="losses.BinaryCrossentropy(from_logits=True)(target, logits)",
    sklearn="log_loss(target, expit(logits), labels=[0, 1])",
    source="cox1958regression",
)
def binary_cross_entropy_with_logits(logits, target):
    r"""Binary cross-entropy of logits, :math:`y\log(1+e^{-z})+(1-y)\log(1+e^z)`.

    Equal to :func:`binary_cross_entropy` of :math:`p=1/(1+e^{-z})`, and finite for every finite logit.

    Parameters
    ----------
    logits : array, shape (...)
        :math:`z`, the logarithm of the odds of class 1.
    target : array, shape (...)
        :math:`y`: 0, 1, or a probability between.

    Returns
    -------
    array, shape (...)
        One loss a sample, in nats.
    """
    return target * softplus(-logits) + (1 - target) * softplus(logits)


@loss(
    dict(
        logits=logits("... c"),
        target=either(index("...", of="c", besides="ignore_index"), distribution("... c")),
        class_weight=optional(nonnegative("c")),
        ignore_index=number(),
        label_smoothing=fraction(),
    ),
    task="classification",
    example=(dict(logits=[[0, 0, math.log(2)], [math.log(2), 0, 0]], target=[2, 1]), (math.log(2) + math.log(4)) / 2),
    torch="F.cross_entropy(logits, target, weight=class_weight, ignore_index=ignore_index, "
    "label_smoothing=label_smoothing)",
    keras="losses.SparseCategoricalCrossentropy(from_logits=True)(target, logits)",
    sklearn="log_loss(target, softmax(logits, axis=-1), labels=range(logits.shape[-1]))",
    source="good1952rational",
)
def cross_entropy(logits, target, *, class_weight=None, ignore_index=-100, label_smoothing=0.0):
    r"""Softmax cross-entropy of logits, :math:`-\sum_k t_k\log p_k` with :math:`p=\operatorname{softmax}(z)`.

    Parameters
    ----------
    logits : array, shape (..., c)
        :math:`z`, one score a class, the classes on the last axis; :math:`-\infty` rules a class out.
    target : array of integers, shape (...), or of reals, shape (..., c)
        Class indices, or :math:`t`, rows of probabilities.
    class_weight : array, shape (c,), optional
        Multiplies the terms of each class; the mean divides by the weights of the targets. (For targets given
        as probabilities PyTorch divides by the number of samples instead.)
    ignore_index : int
        Samples with this class index count for nothing.
    label_smoothing : float from 0 to 1
        Share of the target that is spread evenly over all classes, the true one included.

    Returns
    -------
    array, shape (...)
        One loss a sample, in nats, times the weight of its class.
    """
    xp = namespace(logits, target)
    count = logits.shape[-1]
    kept = None
    if xp.isdtype(target.dtype, "integral"):
        kept = target != ignore_index
        classes = xp.arange(count, dtype=target.dtype, device=logits.device)
        target = xp.astype(target[..., None] == classes, logits.dtype)
    weights = xp.ones_like(logits[..., 0]) if class_weight is None else xp.sum(target * class_weight, axis=-1)
    if kept is not None:
        weights = xp.where(kept, weights, xp.zeros_like(weights))
    target = (1 - label_smoothing) * target + label_smoothing / count
    log_p = logits - logsumexp(logits)[..., None]
    terms = -target * xp.where(target == 0, xp.zeros_like(log_p), log_p)  # 0 * inf: classes ruled out
    if class_weight is not None:
        terms = terms * class_weight
    losses = xp.sum(terms, axis=-1)
    if kept is not None:
        losses = xp.where(kept, losses, xp.zeros_like(losses))
    return losses, weights


@loss(
    dict(score=real(), target=sign()),
    task="classification",
    example=(dict(score=[-2, -1, 0.5, 2, -0.5], target=[-1, -1, -1, 1, 1]), 3 / 5),
    torch=Absent("HingeEmbeddingLoss and MultiMarginLoss are other losses"),
    keras="losses.Hinge()(target, score)",
    sklearn="hinge_loss(target, score, labels=[-1, 1])",
    source="cortes1995support",
)
def hinge(score, target):
    r"""Hinge loss, :math:`\max(0,\,1-ys)`: nothing once the score is right by a margin of 1.

    Parameters
    ----------
    score : array, shape (...)
        :math:`s`; its sign is the decision.
    target : array, shape (...)
        :math:`y`, -1 or 1.

    Returns
    -------
    array, shape (...)
        One loss a sample, without unit.
    """
    xp = namespace(score, target)
    return xp.clip(1 - target * score, min=0)
