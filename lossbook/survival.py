"""Losses of times until something happens, some of which are only known to be longer."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import logsumexp, namespace
from ._spaces import event, positive, real


@loss(
    dict(log_hazard=real("n"), time=positive("n"), event=event("n")),
    dict(
        value_at_chance=Absent("depends on the times: the mean logarithm of how many were still at risk"),
        convex=True,
        lipschitz=Absent("at most the square root of 2, which only a batch with a single event reaches"),
        unit="nats",
    ),
    batch=True,
    example=(dict(log_hazard=[0, math.log(2), 0], time=[1, 2, 3], event=[1, 0, 1]), math.log(4) / 2),
    source="cox1972regression",
)
def cox_partial_likelihood(log_hazard, time, event):
    r"""Cox's negative log partial likelihood, a mean over the events; times that are equal count as Breslow does.

    .. math:: \frac1{\sum_i\delta_i}\sum_i\delta_i\Bigl(\log\sum_{j:\,t_j\ge t_i}e^{s_j}-s_i\Bigr)

    Only the order of the times counts, and a number added to all scores changes nothing. Those at risk are the
    samples of the batch: small batches estimate another loss.

    Parameters
    ----------
    log_hazard : array, shape (n,)
        :math:`s`, the logarithm of the relative hazard: higher means sooner.
    time : array, shape (n,)
        :math:`t`, when it happened or when watching ended.
    event : array, shape (n,)
        :math:`\delta`: 1 where it happened, 0 where watching ended before.
    """
    xp = namespace(log_hazard, time, event)
    at_risk = time[None, :] >= time[:, None]
    excess = log_hazard[None, :] - log_hazard[:, None]  # differences first: what all share loses no digits
    return xp.sum(event * logsumexp(xp.where(at_risk, excess, -xp.inf))) / xp.sum(event)
