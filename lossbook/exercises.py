"""The checks behind the exercises: one finding, and where to look."""

import numpy as np


def check_answer(answer, expected, *, look, on=((),), rtol=1e-6):
    """Compare an answer with what is expected, and print one finding.

    Parameters
    ----------
    answer : object or callable
        A number, an array or a tensor; or a function that is to return what `expected` returns. ``...`` is an
        answer not given yet.
    expected : object or callable
        The right answer, of the same kind.
    look : str
        Where in the page the reader finds what is missing.
    on : sequence of tuple
        The arguments to try functions on, one tuple a call.
    rtol : float
        Relative difference that passes as rounding.

    Returns
    -------
    bool
        Whether the answer is right.
    """
    finding = _finding(answer, expected, on, rtol)
    print("Right." if finding is None else f"Not yet: {finding}. Look at: {look}.")
    return finding is None


def _finding(answer, expected, on, rtol):
    if not callable(expected):
        return _difference(answer, expected, "the answer is", rtol)
    if not callable(answer):
        return f"the answer is {_show(answer)}, a function is asked for"
    for arguments in on:
        came = f"for {', '.join(map(_show, arguments))} your function returns"
        try:
            value = answer(*arguments)
        except Exception as error:
            return f"{came[: -len('returns')]}raises {type(error).__name__}: {error}"
        finding = _difference(value, expected(*arguments), came, rtol)
        if finding:
            return finding
    return None


def _difference(value, expected, came, rtol):
    parts = value if isinstance(value, (list, tuple)) else [value]
    if any(part is ... or part is None for part in parts):
        return f"{came} nothing so far"
    try:
        value, expected = _array(value), _array(expected)
    except (TypeError, ValueError):
        return f"{came} {_show(value)}, numbers are asked for"
    if value.shape != expected.shape:
        return f"{came} something of shape {value.shape}, asked for is {expected.shape}"
    if np.allclose(value, expected, rtol=rtol, atol=1e-9):
        return None
    return f"{came} {_show(value)}, which is {_off_by(value, expected, rtol)}"


def _off_by(value, expected, rtol):
    """Say how a wrong answer is wrong, where several numbers show it and the right ones stay hidden."""
    counts = expected != 0
    if counts.sum() > 1 and not np.any(value[~counts]):
        ratio = value[counts] / expected[counts]
        if ratio[0] != 0 and np.allclose(ratio, ratio[0], rtol=rtol):
            return f"{ratio[0]:.4g} times the right answer"
    return "not right"


def _array(value):
    return np.asarray(value.detach() if hasattr(value, "detach") else value, dtype=float)


def _show(value):
    if hasattr(value, "detach"):
        value = value.detach().numpy()
    if isinstance(value, (np.ndarray, np.generic, float)):
        return np.array2string(np.asarray(value), precision=4, separator=", ")
    return repr(value)
