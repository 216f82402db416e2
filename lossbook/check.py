"""A linter for anybody's loss: each finding says what was tried, what came, and what is probably wrong."""

import ctypes
import inspect
import math
import re
import textwrap
import threading
import warnings
from contextlib import contextmanager, suppress
from functools import partial

import numpy as np

from ._report import FAILED, INFO, PASSED, SKIPPED, STATUSES, WARNING, Finding, Report

N, CLASSES = 13, 7  # sizes that nothing else has: a tensor with two axes of 13 holds every pair of samples
SECONDS = 10  # for one check
TASKS = ("regression", "binary", "multiclass")
LOGITS = TASKS[1:]


def check_loss(fn, *, task, skip=()):
    """Try a loss on small batches, and say what is probably wrong with it.

    Parameters
    ----------
    fn : callable
        ``fn(prediction, target)`` returns the mean loss of the batch as a tensor of shape (). If it has a
        parameter ``weight`` (one a sample), that is tried too.
    task : {"regression", "binary", "multiclass"}
        Predictions and targets: reals, both of shape (n,); logits and 0 or 1 as reals, both of shape (n,);
        logits of shape (n, c) and class indices of shape (n,).
    skip : str or sequence of str
        Names of checks to leave out: what your loss does on purpose. A loss of probabilities such as Brier's
        levels off (``"confident"``), class weights treat classes unlike (``"classes"``).

    Returns
    -------
    Report
        ``report.ok`` says whether no check failed; print it, or let a notebook show it.

    Raises
    ------
    TypeError, ValueError
        `fn` is not callable; `task` or a name in `skip` is unknown. What the loss itself raises is a finding.

    Notes
    -----
    A check that takes ten seconds ends in a finding: try a loss before you compile it. One call that does not come
    back to Python, such as ``time.sleep``, is waited for.
    """
    skip = (skip,) if isinstance(skip, str) else tuple(skip)
    if not callable(fn):
        raise TypeError(f"fn is a {type(fn).__name__}, expected a function of prediction and target.")
    if task not in TASKS:
        raise ValueError(f"task={task!r}, expected one of {', '.join(TASKS)}.")
    if unknown := [name for name in skip if name not in CHECKS]:
        raise ValueError(f"skip={unknown[0]!r}, expected names of checks: {', '.join(CHECKS)}.")
    import torch

    trial, found = _Trial(fn, task), {}
    generator, gradients = torch.random.fork_rng(devices=[]), torch.enable_grad()
    with generator, torch.inference_mode(False), gradients, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, check in CHECKS.items():
            if task in check.tasks:
                found[name] = _finding(name, check, trial, skip, found)
    findings = tuple(sorted(found.values(), key=lambda finding: STATUSES.index(finding.status)))
    return Report(f"{getattr(fn, '__name__', type(fn).__name__)}, {task}", findings)


def _finding(name, check, trial, skip, found):
    """Try one check, unless it is to be skipped or what it needs could not be confirmed."""
    finding = partial(Finding, name, tried=check.__doc__.partition("\n")[0].rstrip("."))
    if name in skip:
        return finding(status=SKIPPED, came="as asked for")
    for need in (found[need] for need in check.needs if need not in skip):
        if need.status in (FAILED, SKIPPED):
            return finding(status=SKIPPED, came=f"needs {need.name}" if need.status == FAILED else need.came)
    if check.option and check.option not in trial.parameters:
        return finding(status=SKIPPED, came=f"the loss takes no {check.option}")
    status = INFO if name in INFORMATION else FAILED
    try:
        with _limit(SECONDS):
            result = check(trial, trial.p, trial.y)
            if isinstance(result, str):
                return finding(status=INFO, came=result)
            for met, came, probably, *other in result:
                if not met:
                    return finding(status=other[0] if other else FAILED, came=came, probably=probably)
    except _TooLongError:
        cause = "a loop without end, or a loss too slow to train with"
        return finding(status=status, came=f"not done after {SECONDS} s", probably=cause)
    except Exception as error:
        said = f"{type(error).__name__}: {' '.join(str(error).split())}".rstrip(": ")
        said = textwrap.shorten(re.sub("0x[0-9a-fA-F]+", "0x…", said), 200)  # addresses differ from run to run
        cause = "the loss is not made for what was tried: a shape, a number of samples or a kind of number"
        return finding(status=status, came=said, probably=cause)
    return finding(status=PASSED, came="as expected")


class _TooLongError(BaseException):
    """Ends a check; no ``except Exception`` in a loss stops it."""


@contextmanager
def _limit(seconds):
    """Raise in this thread after so many seconds: the way to end Python loops that works on every system."""
    caller, raise_in = ctypes.c_ulong(threading.get_ident()), ctypes.pythonapi.PyThreadState_SetAsyncExc
    timer = threading.Timer(seconds, raise_in, (caller, ctypes.py_object(_TooLongError)))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for _ in range(9):  # what is under way arrives here; taken back, it would hang Python 3.11 under a debugger
            pass


class _Trial:
    """A loss, NumPy arrays to try it on, and ways to call it, each time on fresh tensors."""

    def __init__(self, fn, task):
        self.fn, self.task, self.dtype, rng = fn, task, "float64", np.random.default_rng(0)
        try:
            self.parameters = inspect.signature(fn).parameters
        except (TypeError, ValueError):  # some callables have none
            self.parameters = {}
        signs = np.where(rng.permutation(N) < 5, -1.0, 1.0)
        if task == "regression":  # errors from 0.6 to 1.9: off the kinks, outside a tube
            self.y = rng.uniform(0.5, 3, N) * rng.permutation(signs)
            self.p = self.y + rng.uniform(0.6, 1.9, N) * signs
        elif task == "binary":  # |logit| < 1: inside every margin
            self.y, self.p = (signs + 1) / 2, rng.uniform(0.1, 0.9, N) * rng.permutation(signs)
        else:  # logits less than 1 apart, each class at least once
            self.y = rng.permutation(np.r_[np.arange(CLASSES), rng.integers(0, 3, N - CLASSES)])
            self.p = rng.uniform(-0.45, 0.45, (N, CLASSES))

    def far(self, scale, wrong=0):
        """Return logits that are sure of the true class, or of a wrong one; numbers above the target, or below."""
        if self.task == "regression":
            return self.y + scale * (1 - 2 * wrong)
        if self.task == "binary":
            return scale * (2 * abs(self.y - wrong) - 1)
        return scale * (2 * np.eye(CLASSES)[(self.y + wrong) % CLASSES] - 1)

    def call(self, p, y, dtype=None, **options):
        """Return what the loss returns, the leaf behind its prediction, and what it was given."""
        import torch

        real = getattr(torch, dtype or self.dtype)
        leaf = torch.tensor(p, dtype=real, requires_grad=True)
        given = leaf.clone(), torch.tensor(y, dtype=torch.int64 if self.task == "multiclass" else real)
        if "weight" in options:
            options["weight"] = torch.tensor(options["weight"], dtype=real)
        return self.fn(*given, **options), leaf, given

    def __call__(self, p, y, **options):
        return self.call(p, y, **options)[0].item()

    def gradient(self, p, y, dtype=None):
        """Return the loss and its gradient in the prediction, None where the graph does not lead to it."""
        import torch

        value, leaf, _ = self.call(p, y, dtype)
        gradient = torch.autograd.grad(value, leaf, allow_unused=True)[0] if value.requires_grad else None
        return value.item(), gradient if gradient is None else gradient.cpu().numpy()


CHECKS, INFORMATION = {}, ("elicits", "proper", "convex")
"""Every check by its name, in the order in which they are tried; and those that cannot fail."""


def _check(*needs, tasks=TASKS, option=None):
    """Register a check, by the names of those that it needs and the parameter of the loss that it is about.

    It yields what it expects: whether that is so, and if not, what came, what is probably wrong, and a status other
    than FAILED. What informs returns what it found. The docstring tells what is tried.
    """

    def register(check):
        check.needs, check.tasks, check.option = needs, tasks, option
        CHECKS[check.__name__[1:]] = check
        return check

    return register


def _show(number):
    return f"{0.0 if abs(number) < 1e-9 else number:.3g}"


def _same(a, b):
    return math.isclose(a, b, rel_tol=1e-4, abs_tol=1e-6)


def _equal(value, expected, cause):
    digits = 3 if _show(value) != _show(expected) else 6
    return _same(value, expected), f"{value:.{digits}g}, expected {expected:.{digits}g}", cause


@_check()
def _scalar(t, p, y):
    """Call the loss on 13 samples; expect one finite number, as a tensor of shape ()."""
    try:
        value = t.call(p, y)[0]
    except Exception:
        t.dtype = "float32"
        value = t.call(p, y)[0]
    kind = type(value).__name__
    causes = dict(float=".item() or float()", NoneType="no return at the end", tuple="more than the loss returned")
    cause = causes.get(kind, "the loss leaves PyTorch") + "; return the loss, a tensor"
    yield hasattr(value, "requires_grad"), f"a {kind}", cause
    many = value.numel() != 1
    cause = "no reduction; take .mean()" if many else "one axis too many; take .squeeze() or .mean()"
    yield value.ndim == 0, f"{value.numel()} value{'s' * many}, of shape {tuple(value.shape)}", cause
    number = "number" if t.task == "regression" else "logit, which is no probability yet"
    yield value.isfinite(), f"{value.item()}", f"a log, a root or a power of a negative {number}"


@_check("scalar")
def _determinism(t, p, y):
    """Call it twice on the same batch; expect the same value."""
    yield t(p, y) == t(p, y), "two values", "noise or dropout in the loss, or a memory of earlier calls"


@_check("scalar")
def _mutation(t, p, y):
    """Compare prediction and target before and after the call."""
    _, leaf, (prediction, target) = t.call(p, y)
    cause = "an operation in place (x -= y, or a name that ends in _, such as sub_); write x = x - y"
    yield prediction.equal(leaf), "the prediction changed", cause
    yield target.equal(target.new_tensor(y)), "the target changed", cause


@_check("scalar")
def _dtype(t, p, y):
    """Give it float32, then float64; expect the same back."""
    for dtype in ("float32", "float64"):
        came = str(t.call(p, y, dtype)[0].dtype).removeprefix("torch.")
        yield came == dtype, f"{came} from {dtype}", "a cast or a constant of fixed dtype; use .to(prediction.dtype)"


@_check("determinism", "mutation")
def _graph(t, p, y):
    """Ask for the gradient in the prediction."""
    gradient = t.gradient(p, y)[1]
    yield gradient is not None, "no gradient", "the graph is cut: .detach(), argmax, a comparison or no_grad"
    cause = "a root or a division at 0, also in the branch that torch.where drops"
    yield np.isfinite(gradient).all(), "NaN or infinity in it", cause
    yield gradient.any(), "0 everywhere", "rounding, a sign or a clamp, which are flat"


@_check("graph")
def _samples(t, p, y):
    """Ask for the gradient of each sample, none of them beyond a margin."""
    alive = t.gradient(p, y)[1].reshape(N, -1).any(1)
    came, cause = f"{(~alive).sum()} of {N} have none", "a return inside the loop, or a mask that leaves samples out"
    if t.task != "regression" and not {*y[alive]} & {*y[~alive]}:
        came += f": all those of target {', '.join(f'{label:g}' for label in sorted({*y[~alive]}))}"
        cause = "half of the formula is missing, a label -1 is expected instead of 0, or a target is ignored"
    yield alive.all(), came, cause


@_check("dtype", "graph")
def _gradcheck(t, p, y):
    """Compare the gradient with finite differences."""
    steps = 1e-5 * np.eye(p.size).reshape(p.size, *p.shape)
    numeric = np.array([t(p + step, y) - t(p - step, y) for step in steps]) / 2e-5
    gradient = t.gradient(p, y)[1].ravel()
    wrong = np.abs(gradient - numeric)
    came = f"{_show(gradient[wrong.argmax()])}, finite differences give {_show(numeric[wrong.argmax()])}"
    cause = "part of what depends on the prediction is detached, or a backward of your own is wrong"
    yield wrong.max() < 1e-4 * abs(numeric).max(), came, cause


@_check("samples")
def _permutation(t, p, y):
    """Reorder the samples; expect the same value."""
    order = np.random.default_rng(1).permutation(N)
    cause = "the place in the batch counts: a weight, a sort or a cumulative sum along it"
    yield _equal(t(p[order], y[order]), t(p, y), cause)


@_check("permutation")
def _duplication(t, p, y):
    """Repeat the batch; expect the same value."""
    once, twice = t(p, y), t(np.concatenate([p, p]), np.concatenate([y, y]))
    summed = "a sum over the samples, or one divided by a fixed number; take .mean()"
    other = "more than a mean over the batch: a softmax along it, a root or a constant on a sum, a division by n - 1"
    yield _equal(twice, once, summed if _same(twice, 2 * once) else other)


@_check("graph")
def _pairs(t, p, y):
    """Look in the graph for shapes with two axes as long as the batch."""
    nodes, shapes = [t.call(p, y)[0].grad_fn], []
    for node in nodes:
        shapes += [tuple(tensor.shape) for tensor in node._input_metadata]  # of what the node returned
        nodes += [before for before, _ in node.next_functions if before is not None and before not in nodes]
    cause = "a column against a row, which pairs each prediction with each target; give both the shape (n,)"
    for shape in shapes:
        yield shape.count(N) < 2, f"shape {shape}: memory grows with the square of the batch", cause


@_check("duplication", "pairs")
def _decomposition(t, p, y):
    """Average the losses of single samples; expect the loss of the batch."""
    parts = float(np.mean([t(p[i : i + 1], y[i : i + 1]) for i in range(N)]))
    cause = "the mean is not the last step, but a root, a power or a division by weights is; the average over "
    yield _equal(parts, t(p, y), cause + "mini-batches is then another number than the loss of all samples")


@_check("pairs")
def _broadcast(t, p, y):
    """Give it a column where a row belongs; expect an error or the same value."""
    right = value = t(p, y)
    with warnings.catch_warnings(record=True) as told, suppress(Exception):
        warnings.simplefilter("always")
        value = t(p, y[:, None]) if t.task == "multiclass" else t(p[:, None], y)
    came = f"{_show(value)}{'' if told else ' without a word'}, the right shapes give {_show(right)}"
    cause = "it broadcasts, as PyTorch's mse_loss does; compare the shapes and raise if they differ"
    yield _same(value, right), came, cause, WARNING


@_check("samples", "pairs")
def _perfect(t, p, y):
    """Predict perfectly; expect less than for anything else, and a finite gradient."""
    if t.task == "regression":
        best, gradient = t.gradient(y, y)
        fine = np.isfinite([best, *gradient]).all()
        yield fine, f"{_show(best)}, its gradient NaN or infinite", "a root at 0; use the square, or add to it"
        other = min(t(y + step * row, y) for step in (-1, -0.1, 0.1, 1) for row in np.eye(N))
        cause = "a sign, a missing square or abs(), or a target that is changed on the way"
        yield best <= other + 1e-9, f"{_show(best)}; {_show(other)} for another prediction", cause
    else:
        costs, worst, nothing = [t(t.far(2.0**k), y) for k in range(6)], t(t.far(4, wrong=1), y), t(0 * p, y)
        came = f"{_show(min(costs))}, for all wrong {_show(worst)}, for logits of 0 {_show(nothing)}"
        fine = min(costs) < min(worst, nothing)
        yield fine, came, "a sign, or an index of the wrong class, such as one counted from 1"
        came = f"{_show(costs[-2])} for logits of 16, {_show(costs[-1])} for 32: it still falls"
        cause = "no log_softmax or sigmoid, labels that are neither 0 nor 1, or logits that are scaled down"
        yield costs[-1] > costs[-2] - 1e-3, came, cause
        cause = "logits compared with labels as if they were probabilities"
        if costs[-1] < nothing:
            cause = "a sigmoid or a softmax too many: the loss has one, and is to take the logits as they are"
        yield min(costs) <= nothing / 2, f"{_show(min(costs))} at best; logits of 0 give {_show(nothing)}", cause


@_check("perfect")
def _extreme(t, p, y):
    """Predict 1000 too much and too little; expect finite losses and gradients."""
    cause = dict(
        regression="an exp or cosh that overflows; use torch's softplus or logaddexp",
        binary="an exp, or a log or power of a sigmoid that rounds to 0 or 1; use torch's logsigmoid or softplus",
        multiclass="an exp, or a log or power of a softmax that rounds to 0; use torch's log_softmax or logsumexp",
    )[t.task]
    mixed = (p.T + np.linspace(-1000, 1000, N)).T  # another level for each sample
    for far in (t.far(1000), t.far(1000, wrong=1), mixed):
        value, gradient = t.gradient(far, y, "float32")
        yield math.isfinite(value), f"the loss is {value} in float32", cause
        yield np.isfinite(gradient).all(), "a gradient with NaN or infinity in float32", cause


@_check("extreme", tasks=LOGITS)
def _confident(t, p, y):
    """Be sure and wrong, with logits of 60; expect a gradient that leads back."""
    gradient = N * t.gradient(t.far(60, wrong=1), y, "float32")[1]
    stuck = (gradient * (2 * y - 1) if t.task == "binary" else gradient[np.arange(N), y]) > -1e-4
    cause = "a clamp, or probabilities without a log: the worst samples teach nothing"
    yield not stuck.any(), f"{stuck.sum()} of {N} samples have none", cause


@_check("samples", tasks=("multiclass",))
def _classes(t, p, y):
    """Rename the classes; expect the same value."""
    names = np.random.default_rng(2).permutation(CLASSES)
    cause = "a class is treated unlike the others: class weights, or a class that is left out of a sum"
    yield _equal(t(p[:, np.argsort(names)], names[y]), t(p, y), cause)


@_check("decomposition", option="weight")
def _weight(t, p, y):
    """Weigh samples 0, 1 and 2; expect the value for leaving out and repeating them."""
    if t.task == "multiclass":
        of_classes = False
        with suppress(Exception):
            of_classes = math.isfinite(t(p, y, weight=np.ones(CLASSES)))
        yield not of_classes, "the weights are those of classes", "", SKIPPED
    counts = np.r_[0, 2, 0, 2, 2, 0, np.ones(N - 6, dtype=int)]
    repeated = t(np.repeat(p, counts, axis=0), np.repeat(y, counts))
    once, twice = t(p, y, weight=counts), t(p, y, weight=2 * counts)
    yield _equal(once, repeated, "the weights do not multiply the loss of each sample before the mean")
    came = f"right; but {_show(twice)} instead of {_show(once)} for all weights twice"
    cause = "the mean divides by the number of samples, as some of PyTorch's do; divide by the sum of the weights"
    yield _same(once, twice), came, cause, WARNING


def _lowest(loss, low, high):
    """Return the number with the lowest loss, None if that is a bound."""
    ends = low, high
    for _ in range(7):
        grid = np.linspace(low, high, 21)
        at = int(np.nanargmin([loss(x) for x in grid]))
        low, high = grid[max(at - 1, 0)], grid[min(at + 1, 20)]
    return None if grid[at] in ends else grid[at]


@_check("duplication", tasks=("regression",))
def _elicits(t, p, y):
    """Look for the best constant prediction of two skewed samples."""
    levels, names, numbers = np.arange(1, 100) / 100, [], []
    for skew in (0.6, 0.3):
        y = (levels / (1 - levels)) ** skew  # log-logistic, median 1
        best = _lowest(lambda x, y=y: t(np.full(99, x), y), y[0] - 2, y[-1] + 2)
        if best is None:
            return "nothing: the loss falls without end"
        known = {"the median": 1.0, "the mean": y.mean()}
        known.update((f"the {level:.2g} quantile", number) for level, number in zip(levels, y, strict=True))
        names.append(next((name for name in known if abs(known[name] - best) < 1e-4), None))
        numbers.append(f"{_show(best)} where the mean is {_show(y.mean())} and the median 1")
    return names[0] if names[0] == names[1] and names[0] else f"no mean and no quantile: {'; '.join(numbers)}"


@_check("duplication", tasks=LOGITS)
def _proper(t, p, y):
    """Look for the best constant logit if 70 % are of one class."""
    y, towards, others = np.r_[np.ones(14), np.zeros(6)], np.ones(20), 1
    if t.task == "multiclass":
        y, towards, others = np.r_[np.zeros(14), np.arange(1, 7)], np.eye(1, CLASSES).repeat(20, 0), CLASSES - 1
    best = _lowest(lambda x: t(x * towards, y), -9, 9)
    if best is None:
        return "no: it is sure where 0.7 is true"
    answer = 1 / (1 + others * math.exp(-best))
    verdict = "yes, as far as tried" if abs(answer - 0.7) < 1e-3 else "no"
    return f"{verdict}: its {'sigmoid' if others == 1 else 'softmax'} is {_show(answer)} where 0.7 is true"


@_check("decomposition")
def _convex(t, p, y):
    """Look how the loss of one sample bends along its prediction."""
    along, row = np.linspace(-6, 6, 25), np.eye(1, CLASSES) if t.task == "multiclass" else np.ones(1)
    for label in (0, 1):
        values = np.array([t(x * row, np.array([label])) for x in along])
        bend = values[2:] - 2 * values[1:-1] + values[:-2]
        if bend.min() < -1e-6 * (1 + np.abs(values).max()):
            return f"no: it bends down around {along[1:-1][bend.argmin()]:g} for target {label}"
    return "yes, as far as tried"
