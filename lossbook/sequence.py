"""Losses of sequences."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import log_softmax, logsumexp, namespace
from ._spaces import labelling, length, logits, optional, positive


@loss(
    dict(logits=logits("... t c"), target=labelling(), length=optional(length())),
    dict(
        value_at_chance=Absent("depends on the lengths: how many alignments there are"),
        convex=False,
        lipschitz="sqrt(2 * t)",
        unit="nats",
    ),
    example=(dict(logits=[[[0, 0, 0]] * 3], target=[[1, 2]]), 3 * math.log(3) - math.log(5)),
    torch="F.ctc_loss(F.log_softmax(logits, -1).transpose(0, 1), target, "
    "torch.full((len(target),), logits.shape[1]) if length is None else length, (target > 0).sum(-1), "
    "reduction='none').mean()",
    source="graves2006connectionist",
)
def ctc(logits, target, *, length=None):
    r"""Connectionist temporal classification: minus the log-probability that the frames spell the target.

    Summed over all alignments by dynamic programming; an alignment repeats symbols and puts blanks, class 0,
    between them. Infinite where there are fewer frames than symbols and repetitions.

    Parameters
    ----------
    logits : array, shape (..., t, c)
        Scores of the classes at each frame; class 0 is the blank.
    target : array of integers, shape (..., u)
        Classes from 1 on, filled up with 0.
    length : array of integers, shape (...), optional
        How many frames count; by default all.
    """
    xp = namespace(logits, target)
    log_p = log_softmax(logits)
    blank = xp.zeros_like(target)
    symbols = xp.concat(
        [xp.reshape(xp.stack([blank, target], axis=-1), (*target.shape[:-1], -1)), blank[..., :1]], axis=-1
    )
    state = xp.arange(symbols.shape[-1], device=logits.device)
    emission = xp.take_along_axis(
        log_p, xp.broadcast_to(symbols[..., None, :], (*log_p.shape[:-1], len(state))), axis=-1
    )

    def later(path, steps):
        return xp.concat([xp.full_like(path[..., :steps], -xp.inf), path[..., :-steps]], axis=-1)

    skips = (symbols != 0) & (xp.concat([blank[..., :1], blank[..., :1], symbols[..., :-2]], axis=-1) != symbols)
    path = xp.where(state < 2, emission[..., 0, :], -xp.inf)
    for frame in range(1, logits.shape[-2]):
        skipped = xp.where(skips, later(path, 2), -xp.inf)
        moved = logsumexp(xp.stack([path, later(path, 1), skipped], axis=-1)) + emission[..., frame, :]
        path = moved if length is None else xp.where((frame < length)[..., None], moved, path)
    last = 2 * xp.sum(xp.astype(target > 0, xp.int64), axis=-1)[..., None]
    ends = (state == last) | (state == last - 1)
    return -logsumexp(xp.where(ends, path, -xp.inf))


@loss(
    dict(logits=logits(), coefficient=positive()),
    dict(
        value_at_chance="coefficient * log(c) ** 2",
        convex=False,
        lipschitz=math.inf,
        unit="nats squared, times the coefficient",
    ),
    example=(dict(logits=[[0, 0]], coefficient=1.0), math.log(2) ** 2),
    torch="coefficient * (torch.logsumexp(logits, -1) ** 2).mean()",
    source="chowdhery2023palm",
)
def z_loss(logits, *, coefficient=1e-4):
    r"""Z-loss, :math:`\lambda\bigl(\log\sum_ke^{z_k}\bigr)^2`: beside the cross-entropy it stops logits that drift.

    The cross-entropy does not see a number added to all logits; this loss sees nothing else.
    :math:`\lambda` is the coefficient.
    """
    return coefficient * logsumexp(logits) ** 2
