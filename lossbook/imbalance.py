"""Losses of classes that are rare, or whose labels are partly wrong. All take logits."""

import math
from dataclasses import replace

from ._loss import loss
from ._math import log_softmax, logsumexp, namespace, one_hot, pick, softplus
from ._spaces import event, index, interval, logits, nonnegative, positive, real

_ROWS = dict(logits=logits(), target=index())
_SOFTMAX = dict(link="softmax(logits)", calibrated=True)
_EVEN = dict(logits=[[0, 0, math.log(2)], [math.log(2), 0, 0]], target=[2, 1])  # probabilities 1/2 and 1/4


@loss(
    dict(logits=real(), target=event(), gamma=nonnegative(None)),
    dict(
        value_at_chance="0.5**gamma * log(2)",
        link="expit(logits)",
        proper="gamma == 0",
        calibrated=True,
        convex="gamma == 0",
        lipschitz=1.13,
        unit="nats",
    ),
    example=(dict(logits=[0, math.log(3)], target=[1, 0]), (math.log(2) / 4 + 9 / 16 * math.log(4)) / 2),
    identities=["binary_focal(logits, target, gamma=0) == binary_cross_entropy_with_logits(logits, target)"],
    keras="losses.BinaryFocalCrossentropy(gamma=gamma, from_logits=True)(target, logits)",
    source="lin2017focal",
)
def binary_focal(logits, target, *, gamma=2.0):
    r"""Focal loss of two classes, :math:`-(1-q)^\gamma\log q`, where :math:`q` is the probability of what happened.

    Its sigmoid is no probability: the loss asks for one nearer to a half than the truth.

    Parameters
    ----------
    gamma : float of 0 or above
        How much less the easy samples count; 0 is the cross-entropy.
    """
    xp = namespace(logits, target)
    with_one = xp.exp(-gamma * softplus(logits)) * softplus(-logits)
    with_zero = xp.exp(-gamma * softplus(-logits)) * softplus(logits)
    return target * with_one + (1 - target) * with_zero


@loss(
    dict(**_ROWS, gamma=nonnegative(None)),
    dict(
        **_SOFTMAX,
        value_at_chance="(1 - 1 / c) ** gamma * log(c)",
        proper="gamma == 0",
        convex="gamma == 0",
        lipschitz=1.6,
        unit="nats",
    ),
    example=(_EVEN, (math.log(2) / 4 + 9 / 16 * math.log(4)) / 2),
    identities=["focal(logits, target, gamma=0) == cross_entropy(logits, target)"],
    keras="losses.CategoricalFocalCrossentropy(alpha=1, gamma=gamma, from_logits=True)("
    "ops.one_hot(target, logits.shape[-1]), logits)",
    source="lin2017focal",
)
def focal(logits, target, *, gamma=2.0):
    r"""Focal loss of many classes, :math:`-(1-p_y)^\gamma\log p_y` with :math:`p=\operatorname{softmax}(z)`.

    Parameters
    ----------
    gamma : float of 0 or above
        How much less the easy samples count; 0 is the cross-entropy.
    """
    xp = namespace(logits, target)
    log_p = log_softmax(logits)
    rest = logsumexp(xp.where(one_hot(target, logits) == 1, -xp.inf, log_p))  # log(1 - p_y), exact near p_y = 1
    return (-xp.exp(gamma * rest) if gamma else -1) * pick(log_p, target)


@loss(
    _ROWS,
    dict(**_SOFTMAX, value_at_chance="2 * (1 - 1 / c)", proper=False, symmetric=True, convex=False, lipschitz=0.5**0.5),
    example=(_EVEN, (2 * 1 / 2 + 2 * 3 / 4) / 2),
    source="ghosh2017robust",
)
def probability_mae(logits, target):
    r"""Absolute error of probabilities, :math:`\sum_k|[k=y]-p_k|=2(1-p_y)` with :math:`p=\operatorname{softmax}(z)`.

    Wrong labels that fall evenly on all classes do not move its optimum; but a sample that is far off has hardly
    a gradient, and training is slow.
    """
    return 2 * (1 - namespace(logits, target).exp(pick(log_softmax(logits), target)))


@loss(
    dict(**_ROWS, q=interval(0, 1, "(]")),
    dict(
        **_SOFTMAX,
        value_at_chance="(1 - c**-q) / q",
        proper=False,
        symmetric="q == 1",
        convex=False,
        lipschitz="sqrt(2) * (q / (1 + q)) ** q / (1 + q)",
    ),
    example=(dict(**_EVEN, q=0.5), (2 - 2**0.5 + 2 - 1) / 2),
    identities=[
        "2 * generalized_cross_entropy(logits, target, q=1) == probability_mae(logits, target)",
        "generalized_cross_entropy(logits, target, q=1e-9) == cross_entropy(logits, target)",
    ],
    keras="losses.CategoricalGeneralizedCrossEntropy(q=q)(target, ops.softmax(logits))",
    source="zhang2018generalized",
)
def generalized_cross_entropy(logits, target, *, q=0.7):
    r"""Generalised cross-entropy, :math:`(1-p_y^q)/q`: from the cross-entropy to the absolute error.

    Parameters
    ----------
    q : float above 0, at most 1
        Near 0 it is the cross-entropy, at 1 half of :func:`probability_mae`.
    """
    return -namespace(logits, target).expm1(q * pick(log_softmax(logits), target)) / q


@loss(
    dict(**_ROWS, alpha=nonnegative(None), beta=nonnegative(None)),
    dict(
        value_at_chance="alpha * log(c) + 4 * beta * (1 - 1 / c)",
        link="softmax(logits)",
        proper="beta == 0 and alpha > 0",
        calibrated="alpha + beta > 0",
        symmetric="alpha == 0",
        convex=False,
        lipschitz=1.486,
    ),
    example=(dict(**_EVEN, alpha=1.0, beta=0.5), (math.log(2) + 1 + math.log(4) + 1.5) / 2),
    identities=["symmetric_cross_entropy(logits, target, alpha=0, beta=0.5) == probability_mae(logits, target)"],
    source="wang2019symmetric",
)
def symmetric_cross_entropy(logits, target, *, alpha=0.1, beta=1.0):
    r"""Cross-entropy and its reverse, :math:`-\alpha\log p_y-\beta\sum_kp_k\log t_k`, with :math:`\log0` set to -4.

    The reverse part is :math:`4\beta(1-p_y)`, which wrong labels do not mislead; the first part lets it learn.

    Parameters
    ----------
    alpha, beta : float of 0 or above
        Shares of the cross-entropy and of its reverse.
    """
    log_p = pick(log_softmax(logits), target)
    return -alpha * log_p - 4 * beta * namespace(logits, target).expm1(log_p)


@loss(
    dict(**_ROWS, epsilon=replace(positive(), low=-1, ends="[)", expected="a number of -1 or above")),
    dict(
        **_SOFTMAX,
        value_at_chance="log(c) + epsilon * (1 - 1 / c)",
        proper="epsilon == 0",
        convex="abs(epsilon) <= 1",
        lipschitz=2**0.5,
    ),
    example=(dict(**_EVEN, epsilon=2.0), (math.log(2) + 1 + math.log(4) + 1.5) / 2),
    identities=["poly1(logits, target, epsilon=0) == cross_entropy(logits, target)"],
    source="leng2022polyloss",
)
def poly1(logits, target, *, epsilon=1.0):
    r"""Poly-1 loss, :math:`-\log p_y+\varepsilon(1-p_y)`: the cross-entropy with its first coefficient changed.

    Parameters
    ----------
    epsilon : float of -1 or above
        What is added to the coefficient of :math:`1-p_y` in the cross-entropy's series, 1.
    """
    log_p = pick(log_softmax(logits), target)
    return -log_p - epsilon * namespace(logits, target).expm1(log_p)
