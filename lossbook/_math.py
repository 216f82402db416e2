"""What the array API lacks, written for arrays of any library and for their gradients."""

import sys

import array_api_compat


def is_tensor(value):
    """Whether `value` is a tensor of PyTorch, which is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def namespace(*arrays):
    """Return the array API of the library that the arrays belong to."""
    if all(is_tensor(array) for array in arrays):
        import array_api_compat.torch as xp  # torch.compile cannot trace the general way below

        return xp
    return array_api_compat.array_namespace(*arrays)


def largest(x):
    """Largest entry of each row, 0 where none is finite: to be taken out, so that no exponential overflows."""
    xp = namespace(x)
    largest = xp.max(x, axis=-1, keepdims=True)
    return xp.where(xp.isfinite(largest), largest, 0.0)


def logsumexp(x):
    r"""Logarithm of the summed exponentials, :math:`\log\sum_k e^{x_k}`, over the last axis."""
    xp, top = namespace(x), largest(x)
    total = xp.sum(xp.exp(x - top), axis=-1)
    some = total > 0  # else a row all -inf, whose gradient would be NaN without the detour
    log = xp.where(some, xp.log(xp.where(some, total, 1.0)), -xp.inf)
    return xp.squeeze(top, axis=-1) + log


def log_softmax(x):
    r"""Logarithms of the softmax over the last axis, :math:`x_k-\log\sum_j e^{x_j}`.

    What all entries share goes first: a small difference of two large numbers would have lost its digits.
    """
    x = x - largest(x)
    return x - logsumexp(x)[..., None]


def expectation(p, x):
    r"""Sum :math:`\sum_k p_kx_k` over the last axis, without the terms in which :math:`p_k=0`."""
    xp = namespace(p, x)
    return xp.sum(p * xp.where(p == 0, 0.0, x), axis=-1)


def one_hot(index, like):
    """Rows with a 1 in the place of a class index and 0 elsewhere."""
    xp = namespace(index, like)
    classes = xp.arange(like.shape[-1], dtype=index.dtype, device=like.device)
    return xp.astype(index[..., None] == classes, like.dtype)


def softplus(x):
    r"""Smooth ramp :math:`\log(1+e^x)`, without overflow and with the gradient of a sigmoid everywhere."""
    xp = namespace(x)
    return xp.logaddexp(x, xp.zeros_like(x))


def xlogy(x, y):
    r"""Product :math:`x\log y`, and 0 where :math:`x=0`, in value and in gradient."""
    xp = namespace(x, y)
    # The inner `where` keeps log(0) out of the branch that is not taken: 0 * inf would be its gradient.
    return xp.where(x == 0, 0.0, x * xp.log(xp.where(x == 0, 1.0, y)))


def sqrt(x):
    r"""Square root whose gradient at 0 is 0, a subgradient of the norms it is used for, instead of NaN."""
    xp = namespace(x)
    return xp.where(x == 0, 0.0, xp.sqrt(xp.where(x == 0, 1.0, x)))


def pick(x, index):
    """Entry of each row that an index names."""
    return namespace(x, index).take_along_axis(x, index[..., None], axis=-1)[..., 0]


def project(x):
    """Distribution over the last axis that is nearest to `x`: sparsemax, softmax's rival with zeros."""
    xp = namespace(x)
    ordered = xp.sort(x, axis=-1, descending=True)
    count = xp.astype(xp.arange(1, x.shape[-1] + 1, device=x.device), x.dtype)
    thresholds = (xp.cumsum(ordered, axis=-1) - 1) / count  # cumulative_sum cannot be compiled
    inside = xp.sum(xp.astype(ordered > thresholds, xp.int64), axis=-1)
    return xp.clip(x - pick(thresholds, inside - 1)[..., None], min=0)


def norm(x):
    """Euclidean length over the last axis, with gradient 0 at 0."""
    return sqrt(namespace(x).sum(x**2, axis=-1))


def erf(x):
    r"""Error function, :math:`\frac2{\sqrt\pi}\int_0^xe^{-t^2}dt`."""
    if is_tensor(x):
        return sys.modules["torch"].erf(x)
    from scipy.special import erf

    return erf(x)
