"""Losses of whole forecasts: how far a distribution, or draws from it, are from what happened."""

import math

from ._facts import Absent
from ._loss import loss
from ._math import erf, namespace, norm, one_hot
from ._spaces import distribution, either, fraction, index, positive, real

_GAUSSIAN = dict(mean=[0, 1], variance=[1, 4], target=[0, 3])
_LOG_2PI = math.log(2 * math.pi)


@loss(
    dict(mean=real(), variance=positive("..."), target=real()),
    dict(elicits="mean and variance", lower_bound=-math.inf, convex="mean", lipschitz=math.inf, unit="nats"),
    example=(_GAUSSIAN, (_LOG_2PI + math.log(2) / 1 + 1 / 2) / 2),
    torch="F.gaussian_nll_loss(mean, target, variance, full=True)",
    predicted=2,
    source="nix1994estimating",
)
def gaussian_nll(mean, variance, target):
    r"""Negative log-likelihood of a Gaussian, :math:`\frac12\bigl(\log2\pi v+(y-\mu)^2/v\bigr)`.

    Below 0 wherever the density is above 1, so a negative value is no mistake. The error is divided by the
    variance: a sample that is called uncertain early hardly moves its mean afterwards.
    """
    xp = namespace(mean, variance, target)
    return (xp.log(variance) + _LOG_2PI + (target - mean) ** 2 / variance) / 2


@loss(
    dict(mean=real(), variance=positive("..."), target=real(), beta=fraction()),
    dict(
        lower_bound="-(2 * pi) ** -beta / (2 * beta * e) if beta else -inf",
        convex="mean",
        lipschitz=math.inf,
        unit="nats times the target's unit to the power 2 * beta",
    ),
    example=(_GAUSSIAN, (_LOG_2PI + 2 * (_LOG_2PI + math.log(4) + 1)) / 4),
    identities=["beta_nll(mean, variance, target, beta=0) == gaussian_nll(mean, variance, target)"],
    torch="(variance**beta * F.gaussian_nll_loss(mean, target, variance, full=True, reduction='none')).mean()",
    predicted=2,
    detached="variance",
    source="seitzer2022pitfalls",
)
def beta_nll(mean, variance, target, *, beta=0.5):
    r"""Gaussian likelihood weighted by :math:`v^\beta`, through which no gradient flows.

    The weight gives back to the mean what :func:`gaussian_nll` takes from it where the variance is large.

    Parameters
    ----------
    beta : float from 0 to 1
        0 is the likelihood; with 1 the mean learns as from the squared error.
    """
    weight = variance.detach() if hasattr(variance, "detach") else variance
    return weight**beta * gaussian_nll.formula(mean, variance, target)


@loss(
    dict(mean=real(), scale=positive("..."), target=real()),
    dict(elicits="location and scale of a Gaussian", convex=True, lipschitz=1, unit="the target's unit"),
    example=(dict(mean=[0, 1], scale=[1, 2], target=[0, 1]), 3 / 2 * (2**0.5 - 1) / math.pi**0.5),
    predicted=2,
    source="gneiting2007strictly",
)
def crps_gaussian(mean, scale, target):
    r"""Continuous ranked probability score of a Gaussian.

    .. math:: s\Bigl(w\bigl(2\Phi(w)-1\bigr)+2\varphi(w)-\tfrac1{\sqrt\pi}\Bigr)\qquad w=\frac{y-\mu}s

    It takes the standard deviation :math:`s`, not the variance. A far outlier pulls no harder than it does at the
    absolute error, which this loss becomes as :math:`s\to0`.
    """
    xp = namespace(mean, scale, target)
    w = (target - mean) / scale
    density = xp.exp(-(w**2) / 2) * math.sqrt(2 / math.pi)
    return scale * (w * erf(w / math.sqrt(2)) + density - 1 / math.sqrt(math.pi))


@loss(
    dict(members=real("... m"), target=real()),
    dict(convex=False, lipschitz="sqrt((4 * m**2 - 1) / (3 * m**3))", unit="the target's unit"),
    example=(dict(members=[[0, 2], [1, 1]], target=[1, 3]), (1 - 1 / 2 + 2) / 2),
    identities=["crps_ensemble(members, target) == energy_score(members[..., None], target[..., None])"],
    source="gneiting2007strictly",
)
def crps_ensemble(members, target):
    r"""Continuous ranked probability score of draws, :math:`\frac1m\sum_i|x_i-y|-\frac1{2m^2}\sum_{i,j}|x_i-x_j|`.

    The forecast is the draws themselves, each with weight :math:`1/m`; as an estimate of the law that they come
    from the score is too high by a share that falls with :math:`m`. One member alone is the absolute error.
    """
    xp = namespace(members, target)
    spread = xp.mean(xp.abs(members[..., :, None] - members[..., None, :]), axis=(-2, -1))
    return xp.mean(xp.abs(members - target[..., None]), axis=-1) - spread / 2


@loss(
    dict(members=real("... m d"), target=real("... d")),
    dict(
        convex=False,
        lipschitz=Absent(
            "bounded, as each member pulls with a force of at most 2/m; the least bound is not worked out"
        ),
        unit="the target's unit",
    ),
    example=(dict(members=[[[0, 0], [3, 4]]], target=[[3, 0]]), 7 / 2 - 5 / 4),
    source="gneiting2007strictly",
)
def energy_score(members, target):
    r"""Energy score of draws, :math:`\frac1m\sum_i\|x_i-y\|-\frac1{2m^2}\sum_{i,j}\|x_i-x_j\|`.

    :func:`crps_ensemble` for targets of several numbers, in one unit or standardised.
    """
    xp = namespace(members, target)
    spread = xp.mean(norm(members[..., :, None, :] - members[..., None, :, :]), axis=(-2, -1))
    return xp.mean(norm(members - target[..., None, :]), axis=-1) - spread / 2


@loss(
    dict(probabilities=distribution(), target=either(index(), distribution())),
    dict(
        value_at_chance="1 - 1 / c", link="probabilities", proper=True, calibrated=True, convex=True, lipschitz=8**0.5
    ),
    example=(dict(probabilities=[[0.5, 0.25, 0.25], [1, 0, 0]], target=[0, 1]), (0.25 + 2 / 16 + 2) / 2),
    torch=Absent("F.mse_loss of softmax and one-hot rows is this divided by the number of classes"),
    keras=Absent("MeanSquaredError of one-hot rows is this divided by the number of classes"),
    sklearn="brier_score_loss(target, probabilities, labels=range(probabilities.shape[-1]), scale_by_half=False)",
    source="brier1950verification",
)
def brier(probabilities, target):
    r"""Brier score, :math:`\sum_k(p_k-t_k)^2`, from 0 to 2; for two classes it is twice the squared error of one.

    Parameters
    ----------
    target : array of integers, shape (...), or of reals, shape (..., c)
        Class indices, or :math:`t`, rows of probabilities.
    """
    xp = namespace(probabilities, target)
    if xp.isdtype(target.dtype, "integral"):
        target = one_hot(target, probabilities)
    return xp.sum((probabilities - target) ** 2, axis=-1)
