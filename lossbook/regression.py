"""Losses of numbers: how far a prediction is from its target."""

import math
from dataclasses import replace

from ._facts import Absent
from ._loss import loss
from ._math import namespace, softplus, sqrt
from ._spaces import interval, nonnegative, nonzero, positive, real

_BUSES = dict(prediction=[3, 4, 4, 9, 8], target=[2, 4, 5, 7, 12])
_REALS = dict(prediction=real(), target=real())
_OWN = Absent("a location of its own, the mean only where the targets are symmetric")


@loss(
    _REALS,
    dict(elicits="mean", convex=True, lipschitz=math.inf, unit="the target's unit squared"),
    example=(_BUSES, 22 / 5),
    torch="F.mse_loss(prediction, target)",
    keras="losses.MeanSquaredError()(target, prediction)",
    sklearn="mean_squared_error(target, prediction)",
    source="gauss1809theoria",
)
def mse(prediction, target):
    r"""Squared error, :math:`(\hat y-y)^2`; its mean is the MSE."""
    return (prediction - target) ** 2


@loss(
    _REALS,
    dict(elicits="mean", convex=True, lipschitz="n ** -0.5", unit="the target's unit"),
    batch=True,
    example=(_BUSES, (22 / 5) ** 0.5),
    torch="F.mse_loss(prediction, target).sqrt()",
    keras="metrics.RootMeanSquaredError()(target, prediction)",
    sklearn="root_mean_squared_error(target, prediction)",
    source="gauss1809theoria",
)
def rmse(prediction, target):
    r"""Root mean squared error, :math:`\sqrt{\frac1n\sum_i(\hat y_i-y_i)^2}`.

    The root is taken of the whole batch: RMSE is not a mean over samples, and the mean of the RMSE of two halves
    is not the RMSE of the whole.
    """
    xp = namespace(prediction, target)
    return sqrt(xp.mean((prediction - target) ** 2))


@loss(
    _REALS,
    dict(elicits="median", convex=True, lipschitz=1, unit="the target's unit"),
    example=(_BUSES, 8 / 5),
    torch="F.l1_loss(prediction, target)",
    keras="losses.MeanAbsoluteError()(target, prediction)",
    sklearn="mean_absolute_error(target, prediction)",
    source="koenker1978regression",
)
def mae(prediction, target):
    r"""Absolute error, :math:`|\hat y-y|`; its mean is the MAE."""
    xp = namespace(prediction, target)
    return xp.abs(prediction - target)


@loss(
    dict(**_REALS, delta=positive()),
    dict(elicits=_OWN, convex=True, lipschitz="delta", unit="the target's unit squared"),
    example=(_BUSES, 6 / 5),
    torch="F.huber_loss(prediction, target, delta=delta)",
    keras="losses.Huber(delta=delta)(target, prediction)",
    sklearn=Absent("a loss of SGDRegressor and GradientBoostingRegressor, not a function of its own"),
    source="huber1964robust",
)
def huber(prediction, target, *, delta=1.0):
    r"""Huber loss: half the square of the error up to :math:`\delta`, from there a straight line.

    .. math::
        \ell(e)=\begin{cases}\tfrac12e^2&|e|\le\delta\\ \delta\,(|e|-\tfrac12\delta)&|e|>\delta\end{cases}
        \qquad e=\hat y-y

    Parameters
    ----------
    delta : float above 0
        Where the square becomes a line, in the target's unit.
    """
    xp = namespace(prediction, target)
    size = xp.abs(prediction - target)
    near = xp.clip(size, max=delta)
    return near * (size - near / 2)


@loss(
    dict(**_REALS, beta=positive()),
    dict(elicits=_OWN, convex=True, lipschitz=1, unit="the target's unit"),
    example=(dict(**_BUSES, beta=2), (1 / 4 + 0 + 1 / 4 + 1 + 3) / 5),
    identities=["smooth_l1(prediction, target, beta=beta) == huber(prediction, target, delta=beta) / beta"],
    torch="F.smooth_l1_loss(prediction, target, beta=beta)",
    source="girshick2015fast",
)
def smooth_l1(prediction, target, *, beta=1.0):
    r"""Smooth L1: :math:`\frac{e^2}{2\beta}` up to :math:`\beta`, then :math:`|e|-\frac\beta2`; :math:`e=\hat y-y`.

    It is :func:`huber` divided by its :math:`\delta`: growing :math:`\beta` flattens it, where a growing
    :math:`\delta` makes Huber's loss half the squared error.

    Parameters
    ----------
    beta : float above 0
        Where the square becomes a line, in the target's unit.
    """
    return huber.formula(prediction, target, delta=beta) / beta


@loss(
    _REALS,
    dict(elicits=_OWN, convex=True, lipschitz=1),
    example=(_BUSES, (2 * math.log(math.cosh(1)) + math.log(math.cosh(2)) + math.log(math.cosh(4))) / 5),
    keras="losses.LogCosh()(target, prediction)",
    source="terven2025comprehensive",
)
def log_cosh(prediction, target):
    r"""Logarithm of the hyperbolic cosine of the error, :math:`\log\cosh(\hat y-y)`.

    Half a square near 0 and a line far out, like Huber's loss, without a seam; the error must come in a unit in
    which 1 is neither huge nor tiny. Computed as written, the cosine overflows at an error of 90 in 32 bits.
    """
    error = prediction - target
    return error + softplus(-2 * error) - math.log(2)


@loss(
    dict(**_REALS, tau=interval(0, 1)),
    dict(elicits="quantile tau", convex=True, lipschitz="max(tau, 1 - tau)", unit="the target's unit"),
    example=(dict(**_BUSES, tau=0.8), 4.6 / 5),
    identities=["2 * pinball(prediction, target, tau=0.5) == mae(prediction, target)"],
    sklearn="mean_pinball_loss(target, prediction, alpha=tau)",
    source="koenker1978regression",
)
def pinball(prediction, target, *, tau=0.5):
    r"""Pinball (quantile) loss, :math:`\max\{\tau(y-\hat y),\,(\tau-1)(y-\hat y)\}`.

    A prediction that is too low by 1 is charged :math:`\tau`, one too high by 1 the rest, :math:`1-\tau`.

    Parameters
    ----------
    tau : float between 0 and 1
        The quantile asked for.
    """
    xp = namespace(prediction, target)
    error = target - prediction
    return xp.maximum(tau * error, (tau - 1) * error)


@loss(
    dict(**_REALS, tau=interval(0, 1)),
    dict(elicits="expectile tau", convex=True, lipschitz=math.inf, unit="the target's unit squared"),
    example=(dict(**_BUSES, tau=0.8), (0.2 * 1 + 0.8 * 1 + 0.2 * 4 + 0.8 * 16) / 5),
    identities=["2 * expectile(prediction, target, tau=0.5) == mse(prediction, target)"],
    source="newey1987asymmetric",
)
def expectile(prediction, target, *, tau=0.5):
    r"""Expectile loss, :math:`|\tau-[\hat y>y]|\,(\hat y-y)^2`: a square that is steeper on one side.

    An expectile weighs how far the targets lie beyond it, where a quantile counts how many do.

    Parameters
    ----------
    tau : float between 0 and 1
        The expectile asked for; 0.5 is the mean.
    """
    xp = namespace(prediction, target)
    error = target - prediction
    return tau * xp.clip(error, min=0) ** 2 + (1 - tau) * xp.clip(error, max=0) ** 2


@loss(
    dict(prediction=real(), target=nonzero()),
    dict(elicits="median weighted by 1/|y|", convex=True, lipschitz=math.inf),
    example=(_BUSES, (1 / 2 + 0 + 1 / 5 + 2 / 7 + 4 / 12) / 5),
    keras="losses.MeanAbsolutePercentageError()(target, prediction) / 100",
    sklearn="mean_absolute_percentage_error(target, prediction)",
    source="gneiting2011making",
)
def mape(prediction, target):
    r"""Relative error, :math:`|\hat y-y|/|y|`; its mean is the MAPE, as a fraction.

    The small targets count most: what it asks for is the median with weights :math:`1/|y|`, which lies below the
    median of positive targets.
    """
    xp = namespace(prediction, target)
    return xp.abs(prediction - target) / xp.abs(target)


@loss(
    dict(prediction=nonnegative("..."), target=nonnegative("...")),
    dict(elicits="geometric mean of 1 + y, less 1", convex=False, lipschitz=math.inf),
    example=(_BUSES, sum(math.log(a / b) ** 2 for a, b in [(4, 3), (5, 5), (5, 6), (10, 8), (9, 13)]) / 5),
    keras="losses.MeanSquaredLogarithmicError()(target, prediction)",
    sklearn="mean_squared_log_error(target, prediction)",
    source="pedregosa2011scikit",
)
def msle(prediction, target):
    r"""Squared error of logarithms, :math:`\bigl(\log(1+\hat y)-\log(1+y)\bigr)^2`.

    The 1 makes room for targets of 0 and ties the loss to the unit: in cents it is another loss than in euros.
    """
    xp = namespace(prediction, target)
    return (xp.log1p(prediction) - xp.log1p(target)) ** 2


@loss(
    dict(**_REALS, epsilon=nonnegative(None)),
    dict(convex=True, lipschitz=1, unit="the target's unit"),
    example=(dict(**_BUSES, epsilon=1.5), (0.5 + 2.5) / 5),
    identities=["epsilon_insensitive(prediction, target, epsilon=0) == mae(prediction, target)"],
    sklearn=Absent("the loss of SVR and LinearSVR, not a function of its own"),
    source="vapnik1995nature",
)
def epsilon_insensitive(prediction, target, *, epsilon=0.1):
    r"""Epsilon-insensitive loss, :math:`\max(0,\,|\hat y-y|-\varepsilon)`: nothing inside a tube.

    Parameters
    ----------
    epsilon : float of 0 or above
        Half the width of the tube, in the target's unit: of standardised targets 0.1 is a tenth of their spread.
    """
    xp = namespace(prediction, target)
    return xp.clip(xp.abs(prediction - target) - epsilon, min=0)


@loss(
    dict(log_rate=real(), target=nonnegative("...")),
    dict(elicits="logarithm of the mean", lower_bound=-math.inf, convex=True, lipschitz=math.inf, unit="nats"),
    example=(dict(log_rate=[0, math.log(2)], target=[1, 3]), (1 + 2 - 3 * math.log(2)) / 2),
    torch="F.poisson_nll_loss(log_rate, target)",
    keras="losses.Poisson()(target, ops.exp(log_rate))",
    sklearn=Absent("mean_poisson_deviance is twice this less its least value at each target"),
    source="mccullagh1989generalized",
)
def poisson_nll(log_rate, target):
    r"""Negative log-likelihood of a Poisson count, :math:`e^s-ys`, without :math:`\log y!`.

    It may be negative. What it estimates is the mean of any law, Poisson or not.

    Parameters
    ----------
    log_rate : array, shape (...)
        :math:`s`, the logarithm of the expected count.
    target : array, shape (...)
        :math:`y`, counts or other numbers of 0 and above.
    """
    xp = namespace(log_rate, target)
    return xp.exp(log_rate) - target * log_rate


@loss(
    dict(prediction=positive("..."), target=positive("...")),
    dict(elicits="mean", convex=False, lipschitz=math.inf),
    example=(dict(prediction=[2, 1], target=[1, 1]), math.log(2) - 1 / 2),
    sklearn="mean_gamma_deviance(target, prediction)",
    source="mccullagh1989generalized",
)
def gamma_deviance(prediction, target):
    r"""Gamma deviance, :math:`2\bigl(\log\frac{\hat y}y+\frac y{\hat y}-1\bigr)`: it sees ratios only.

    For sizes whose spread grows with their mean, such as claims or durations. Convex in :math:`\log\hat y`, not in
    :math:`\hat y`: predict the logarithm.
    """
    xp = namespace(prediction, target)
    return 2 * (xp.log(prediction / target) + target / prediction - 1)


@loss(
    dict(prediction=positive("..."), target=nonnegative("..."), power=interval(1, 2)),
    dict(elicits="mean", convex=False, lipschitz=math.inf, unit="the target's unit to the power 2 - power"),
    example=(dict(prediction=[4, 4], target=[1, 0]), (2 + 8) / 2),
    sklearn="mean_tweedie_deviance(target, prediction, power=power)",
    source="mccullagh1989generalized",
)
def tweedie_deviance(prediction, target, *, power=1.5):
    r"""Tweedie deviance, for targets that are often exactly 0 and else positive, such as the yearly claims of a driver.

    .. math:: 2\Bigl(\frac{y^{2-p}}{(1-p)(2-p)}-\frac{y\,\hat y^{1-p}}{1-p}+\frac{\hat y^{2-p}}{2-p}\Bigr)

    Parameters
    ----------
    power : float between 1 and 2
        :math:`p`: the variance grows like this power of the mean; near 1 it is a Poisson law, near 2 a gamma law.
    """
    one, two = 1 - power, 2 - power
    return 2 * (target**two / (one * two) - target * prediction**one / one + prediction**two / two)


@loss(
    dict(**_REALS, alpha=replace(real(None), ends="[)"), scale=positive()),
    dict(
        elicits=_OWN,
        convex="alpha >= 1",
        lipschitz="(inf if alpha > 1 else 1 if alpha == 1 else exp(-0.5) if alpha == -inf else "
        "((2 - alpha) / (1 - alpha)) ** ((alpha - 1) / 2)) / scale",
    ),
    example=(_BUSES, (2 * 2**0.5 + 5**0.5 + 17**0.5 + 1 - 5) / 5),
    identities=[
        "barron(prediction, target, alpha=2, scale=scale) == mse(prediction / scale, target / scale) / 2",
        "barron(prediction, target, alpha=0) == barron(prediction, target, alpha=1e-7)",
        "barron(prediction, target, alpha=-float('inf')) == barron(prediction, target, alpha=-1e7)",
    ],
    source="barron2019general",
)
def barron(prediction, target, *, alpha=1.0, scale=1.0):
    r"""General robust loss: one number from the square through Huber-like lines to losses that give an outlier up.

    .. math:: \frac{|\alpha-2|}\alpha\Bigl(\Bigl(\frac{(e/c)^2}{|\alpha-2|}+1\Bigr)^{\alpha/2}-1\Bigr)

    Its limits are half the square at 2, Cauchy's loss at 0, Welsch's at :math:`-\infty`; at 1 it is the
    pseudo-Huber (Charbonnier) loss, at -2 Geman and McClure's. From 0 on down an outlier hardly pulls.

    Parameters
    ----------
    alpha : float
        :math:`\alpha`, any number or :math:`-\infty`; the smaller, the less an outlier counts.
    scale : float above 0
        :math:`c`, the size of an ordinary error.
    """
    xp = namespace(prediction, target)
    half = ((prediction - target) / scale) ** 2 / 2
    if alpha == 2:
        return half
    if alpha == 0:
        return xp.log1p(half)
    if alpha == -math.inf:
        return -xp.expm1(-half)
    size = abs(alpha - 2)
    return size / alpha * xp.expm1(alpha / 2 * xp.log1p(2 * half / size))


@loss(
    dict(**_REALS, cutoff=positive()),
    dict(elicits=_OWN, convex=False, lipschitz="16 * cutoff / (25 * sqrt(5))", unit="the target's unit squared"),
    example=(dict(**_BUSES, cutoff=2), (2 * (1 - 0.75**3) + 0 + 2) * 2 / 3 / 5),
    source="beaton1974fitting",
)
def tukey_biweight(prediction, target, *, cutoff=4.685):
    r"""Tukey's biweight, :math:`\frac{c^2}6\bigl(1-(1-(e/c)^2)^3\bigr)`, constant beyond :math:`c`; :math:`e=\hat y-y`.

    Beyond the cutoff the gradient is exactly 0: start from a fit that is roughly right, or nothing moves.

    Parameters
    ----------
    cutoff : float above 0
        :math:`c`; 4.685 belongs to errors whose standard deviation is 1.
    """
    xp = namespace(prediction, target)
    inside = xp.clip(1 - ((prediction - target) / cutoff) ** 2, min=0)
    return cutoff**2 / 6 * (1 - inside**3)
