"""Losses of embeddings: what belongs together shall be near, what does not far."""

import math

from ._loss import loss
from ._math import logsumexp, namespace, norm, softplus
from ._spaces import event, positive, real

_SAME = dict(query=[[1, 0], [0, 1]], key=[[1, 0], [0, 1]])
_PAIRS = dict(query=real("n d"), key=real("n d"))


@loss(
    dict(left=real("... d"), right=real("... d"), target=event(), margin=positive()),
    dict(value_at_chance="margin**2 / 4", convex=False, lipschitz=math.inf),
    example=(dict(left=[[1, 1]] * 3, right=[[4, 5], [1.3, 1.4], [4, 5]], target=[1, 0, 0]), (25 / 2 + 1 / 8) / 3),
    predicted=2,
    source="hadsell2006dimensionality",
)
def contrastive(left, right, target, *, margin=1.0):
    r"""Contrastive loss of pairs, :math:`\frac12\bigl(y\,d^2+(1-y)\max(0,\,m-d)^2\bigr)` with :math:`d=\|a-b\|`.

    In the paper 0 marks a pair that belongs together; here, as in most code, 1 does.

    Parameters
    ----------
    target : array, shape (...)
        :math:`y`: 1 where the two belong together, 0 where not.
    margin : float above 0
        :math:`m`, the distance from which strangers are left alone.
    """
    xp = namespace(left, right, target)
    distance = norm(left - right)
    return (target * distance**2 + (1 - target) * xp.clip(margin - distance, min=0) ** 2) / 2


@loss(
    dict(anchor=real("... d"), positive=real("... d"), negative=real("... d"), margin=positive()),
    dict(value_at_chance="margin", convex=False, lipschitz=2),
    example=(dict(anchor=[[0, 0], [0, 0]], positive=[[3, 4], [0, 0]], negative=[[0, 3], [0, 2]]), (5 - 3 + 1) / 2),
    torch="F.triplet_margin_loss(anchor, positive, negative, margin=margin, eps=0)",
    predicted=3,
    source="schroff2015facenet",
)
def triplet(anchor, positive, negative, *, margin=1.0):
    r"""Triplet loss, :math:`\max\bigl(0,\,\|a-p\|-\|a-n\|+m\bigr)`.

    A loss that stays at the margin is a collapse: all embeddings are one point. FaceNet squares the distances;
    PyTorch, and so this one, does not.

    Parameters
    ----------
    margin : float above 0
        :math:`m`, by how much the stranger shall be farther than the friend.
    """
    xp = namespace(anchor, positive, negative)
    return xp.clip(norm(anchor - positive) - norm(anchor - negative) + margin, min=0)


@loss(
    dict(**_PAIRS, temperature=positive()),
    dict(value_at_chance="log(n)", convex="query", lipschitz=math.inf, unit="nats"),
    batch=True,
    example=(dict(**_SAME, temperature=1.0), math.log(1 + math.exp(-1))),
    torch="F.cross_entropy(query @ key.T / temperature, torch.arange(len(query)))",
    predicted=2,
    source="oord2018representation",
)
def info_nce(query, key, *, temperature=0.1):
    r"""InfoNCE: find each query's partner among all keys.

    .. math:: -\frac1n\sum_i\log\frac{e^{a_i\cdot b_i/T}}{\sum_je^{a_i\cdot b_j/T}}

    Scale the rows to length 1 first, as is usual. Other samples of the batch are the wrong answers: the loss, and
    what it can tell of mutual information, at most :math:`\log n`, grow with the batch.

    Parameters
    ----------
    temperature : float above 0
        :math:`T`; below 1 it sharpens the comparison.
    """
    xp = namespace(query, key)
    scores = query @ key.T / temperature
    return xp.mean(logsumexp(scores) - xp.sum(query * key, axis=-1) / temperature)


@loss(
    dict(**_PAIRS, scale=positive(), bias=real(None)),
    dict(
        value_at_chance="log1p(exp(-bias)) + (n - 1) * log1p(exp(bias))",
        convex="query",
        lipschitz=math.inf,
        unit="nats",
    ),
    batch=True,
    example=(dict(**_SAME, scale=2.0, bias=-1.0), math.log(1 + math.exp(-1)) * 2),
    torch="-F.logsigmoid((2 * torch.eye(len(query)) - 1) * (scale * query @ key.T + bias)).sum() / len(query)",
    predicted=2,
    source="zhai2023sigmoid",
)
def siglip(query, key, *, scale=10.0, bias=-10.0):
    r"""SigLIP: each pair of the batch is a yes-or-no question.

    .. math:: \frac1n\sum_{i,j}\log\bigl(1+e^{\mp(t\,a_i\cdot b_j+b)}\bigr)

    The sign is minus for partners, plus for all others. A sum over pairs, so unlike
    :func:`info_nce` it can be taken block by block.

    Parameters
    ----------
    scale, bias : float, or tensors without axes where they are learned
        :math:`t` and :math:`b`; the bias starts where most answers are no.
    """
    xp = namespace(query, key)
    scores = scale * query @ key.T + bias
    partners = xp.eye(len(scores), dtype=scores.dtype, device=scores.device)
    return xp.sum(softplus(scores) - partners * scores) / len(scores)
