"""Losses of numbers: how far a prediction is from its target."""

from ._loss import Absent, loss
from ._math import namespace, sqrt
from ._spaces import positive, real

_BUSES = dict(prediction=[3, 4, 4, 9, 8], target=[2, 4, 5, 7, 12])


@loss(
    dict(prediction=real(), target=real()),
    task="regression",
    example=(_BUSES, 22 / 5),
    torch="F.mse_loss(prediction, target)",
    keras="losses.MeanSquaredError()(target, prediction)",
    sklearn="mean_squared_error(target, prediction)",
    source="gauss1809theoria",
)
def mse(prediction, target):
    r"""Squared error, :math:`(\hat y-y)^2`; its mean is the MSE.

    Parameters
    ----------
    prediction, target : array, shape (...)
        :math:`\hat y` and :math:`y`, in the same unit.

    Returns
    -------
    array, shape (...)
        One loss a sample, in the target's unit squared.
    """
    return (prediction - target) ** 2


@loss(
    dict(prediction=real(), target=real()),
    batch=True,
    task="regression",
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

    Parameters
    ----------
    prediction, target : array, shape (...)
        :math:`\hat y` and :math:`y`, in the same unit.

    Returns
    -------
    array, shape ()
        In the target's unit. Where every prediction is right the root has no gradient; here it is 0.
    """
    xp = namespace(prediction, target)
    return sqrt(xp.mean((prediction - target) ** 2))


@loss(
    dict(prediction=real(), target=real()),
    task="regression",
    example=(_BUSES, 8 / 5),
    torch="F.l1_loss(prediction, target)",
    keras="losses.MeanAbsoluteError()(target, prediction)",
    sklearn="mean_absolute_error(target, prediction)",
    source="koenker1978regression",
)
def mae(prediction, target):
    r"""Absolute error, :math:`|\hat y-y|`; its mean is the MAE.

    Parameters
    ----------
    prediction, target : array, shape (...)
        :math:`\hat y` and :math:`y`, in the same unit.

    Returns
    -------
    array, shape (...)
        One loss a sample, in the target's unit.
    """
    xp = namespace(prediction, target)
    return xp.abs(prediction - target)


@loss(
    dict(prediction=real(), target=real(), delta=positive()),
    task="regression",
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
    prediction, target : array, shape (...)
        :math:`\hat y` and :math:`y`, in the same unit.
    delta : float above 0
        Where the square becomes a line, in the target's unit.

    Returns
    -------
    array, shape (...)
        One loss a sample, in the target's unit squared.
    """
    xp = namespace(prediction, target)
    size = xp.abs(prediction - target)
    near = xp.clip(size, max=delta)
    return near * (size - near / 2)
