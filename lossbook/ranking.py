"""Losses of order: only which score is higher counts, and what comes before what."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import expectation, largest, log_softmax, logsumexp, namespace, softplus
from ._spaces import logits, nonnegative, ranking, real, sign


@loss(
    dict(positive=real(), negative=real()),
    dict(value_at_chance="log(2)", convex=True, lipschitz=1, unit="nats"),
    example=(dict(positive=[0, math.log(3)], negative=[0, 0]), (math.log(2) + math.log(4 / 3)) / 2),
    predicted=2,
    source="rendle2009bpr",
)
def bpr(positive, negative):
    r"""Bayesian personalised ranking, :math:`\log\bigl(1+e^{-(s_+-s_-)}\bigr)`: the logistic loss of a difference.

    :math:`s_+` and :math:`s_-` are the scores of what was chosen and of what was not. RankNet's loss and the
    likelihood of Bradley and Terry have the same formula. Scores of one user say nothing of another's.
    """
    return softplus(negative - positive)


@loss(
    dict(first=real(), second=real(), target=sign(), margin=nonnegative(None)),
    dict(value_at_chance="margin", convex=True, lipschitz=1),
    example=(dict(first=[2, 1], second=[0, 3], target=[1, 1]), 3 / 2),
    torch="F.margin_ranking_loss(first, second, target, margin=margin)",
    predicted=2,
    source="herbrich2000large",
)
def margin_ranking(first, second, target, *, margin=1.0):
    r"""Margin ranking loss, :math:`\max\bigl(0,\,m-y(s_1-s_2)\bigr)`.

    Parameters
    ----------
    target : array, shape (...)
        :math:`y`: 1 where the first belongs before the second, -1 where behind.
    margin : float of 0 or above
        :math:`m`; with 0, PyTorch's default, equal scores for all cost nothing.
    """
    return namespace(first, second, target).clip(margin - target * (first - second), min=0)


@loss(
    dict(scores=logits(), target=logits()),
    dict(value_at_chance="log(c)", convex=True, lipschitz=2**0.5, unit="nats"),
    example=(dict(scores=[[0, 0]], target=[[math.log(3), 0]]), math.log(2)),
    torch="F.cross_entropy(scores, F.softmax(target, -1))",
    source="cao2007learning",
)
def listnet(scores, target):
    r"""ListNet: the cross-entropy between two softmaxes, of the relevances and of the scores.

    Its floor is the entropy of the first, not 0. Where every relevance is 0 it asks for equal scores.

    Parameters
    ----------
    scores, target : array, shape (..., c)
        Scores and relevances of a list; :math:`-\infty` in both marks a place that is not filled.
    """
    return -expectation(namespace(scores, target).exp(log_softmax(target)), log_softmax(scores))


@loss(
    dict(scores=logits(), ranking=ranking()),
    dict(value_at_chance="log(factorial(c))", convex=True, lipschitz="sqrt(c * (c - 1))", unit="nats"),
    example=(dict(scores=[[0, math.log(2), 0]], ranking=[[1, 0, 2]]), math.log(2) + math.log(2)),
    keras=Absent("none in Keras; the losses of TensorFlow Ranking have it"),
    source="plackett1975analysis",
)
def plackett_luce(scores, ranking):
    r"""Negative log-likelihood of an order that was drawn without replacement by softmax; also ListMLE.

    .. math:: \sum_i\Bigl(\log\sum_{j\ge i}e^{s_{\pi(j)}}-s_{\pi(i)}\Bigr)

    Parameters
    ----------
    ranking : array of integers, shape (..., c)
        :math:`\pi`: the index of the best item, then of the next, down to the last.
    """
    xp = namespace(scores, ranking)
    ordered = xp.take_along_axis(scores - largest(scores), ranking, axis=-1)
    left = xp.triu(xp.ones(2 * scores.shape[-1:], dtype=xp.bool, device=scores.device))  # row i: what is left at step i
    remaining = xp.where(left, ordered[..., None, :], -xp.inf)
    return xp.sum(logsumexp(remaining) - ordered, axis=-1)
