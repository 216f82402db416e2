"""What the array API lacks, written for arrays of any library and for their gradients."""

import sys

import array_api_compat


def is_tensor(value):
    """Whether `value` is a tensor of PyTorch, which is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def namespace(*arrays):
    """Return the array API of the library that the arrays belong to.

    Parameters
    ----------
    arrays : array
        All of one library.

    Returns
    -------
    module

    Raises
    ------
    TypeError
        If they belong to several libraries, or to none.
    """
    if all(is_tensor(array) for array in arrays):
        import array_api_compat.torch as xp  # torch.compile cannot trace the general way below

        return xp
    return array_api_compat.array_namespace(*arrays)


def logsumexp(x):
    r"""Logarithm of the summed exponentials, :math:`\log\sum_k e^{x_k}`, over the last axis.

    The largest entry is taken out first, so that no exponential overflows.

    Parameters
    ----------
    x : array, shape (..., c)
        May hold :math:`-\infty`, which adds nothing to the sum.

    Returns
    -------
    array, shape (...)
    """
    xp = namespace(x)
    largest = xp.max(x, axis=-1, keepdims=True)
    largest = xp.where(xp.isfinite(largest), largest, xp.zeros_like(largest))
    total = xp.sum(xp.exp(x - largest), axis=-1)
    none = total == 0  # a row all -inf: without the detour its gradient would be NaN
    log = xp.log(xp.where(none, xp.ones_like(total), total))
    return xp.squeeze(largest, axis=-1) + xp.where(none, -xp.inf * xp.ones_like(total), log)


def log_softmax(x):
    r"""Logarithms of the softmax over the last axis, :math:`x_k-\log\sum_j e^{x_j}`.

    Parameters
    ----------
    x : array, shape (..., c)
        May hold :math:`-\infty`.

    Returns
    -------
    array, shape (..., c)
    """
    return x - logsumexp(x)[..., None]


def expectation(p, x):
    r"""Sum :math:`\sum_k p_kx_k` over the last axis, in which an infinite :math:`x_k` counts only where :math:`p_k>0`.

    Parameters
    ----------
    p, x : array, shape (..., c)

    Returns
    -------
    array, shape (...)
    """
    xp = namespace(p, x)
    return xp.sum(p * xp.where(p == 0, xp.zeros_like(x), x), axis=-1)


def one_hot(index, like):
    """Rows with a 1 in the place of a class index and 0 elsewhere.

    Parameters
    ----------
    index : array of integers, shape (...)
    like : array, shape (..., c)
        Whose classes, dtype and device they have.

    Returns
    -------
    array, shape (..., c)
    """
    xp = namespace(index, like)
    classes = xp.arange(like.shape[-1], dtype=index.dtype, device=like.device)
    return xp.astype(index[..., None] == classes, like.dtype)


def softplus(x):
    r"""Smooth ramp :math:`\log(1+e^x)`, without overflow and with the gradient of a sigmoid everywhere.

    Parameters
    ----------
    x : array, shape (...)

    Returns
    -------
    array, shape (...)
    """
    xp = namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def xlogy(x, y):
    r"""Product :math:`x\log y`, and 0 where :math:`x=0`, in value and in gradient.

    Parameters
    ----------
    x, y : array, shape (...)
        Numbers of 0 and above.

    Returns
    -------
    array, shape (...)
    """
    xp = namespace(x, y)
    # The inner `where` keeps log(0) out of the branch that is not taken: 0 * inf would be its gradient.
    return xp.where(x == 0, xp.zeros_like(x * y), x * xp.log(xp.where(x == 0, xp.ones_like(y), y)))


def sqrt(x):
    r"""Square root whose gradient at 0 is 0, a subgradient of the norms it is used for, instead of NaN.

    Parameters
    ----------
    x : array, shape (...)
        Numbers of 0 and above.

    Returns
    -------
    array, shape (...)
    """
    xp = namespace(x)
    return xp.where(x == 0, xp.zeros_like(x), xp.sqrt(xp.where(x == 0, xp.ones_like(x), x)))


def pick(x, index):
    """Entry of each row that an index names.

    Parameters
    ----------
    x : array, shape (..., c)
    index : array of integers, shape (...)

    Returns
    -------
    array, shape (...)
    """
    return namespace(x, index).take_along_axis(x, index[..., None], axis=-1)[..., 0]


def norm(x):
    """Euclidean length over the last axis, with gradient 0 at 0.

    Parameters
    ----------
    x : array, shape (..., d)

    Returns
    -------
    array, shape (...)
    """
    return sqrt(namespace(x).sum(x**2, axis=-1))


def erf(x):
    r"""Error function, :math:`\frac2{\sqrt\pi}\int_0^xe^{-t^2}dt`.

    Parameters
    ----------
    x : array, shape (...)

    Returns
    -------
    array, shape (...)
    """
    if is_tensor(x):
        return sys.modules["torch"].erf(x)
    from scipy.special import erf

    return erf(x)
