"""The linter passes right losses and names what is wrong with wrong ones."""

import functools
import itertools
import math
import subprocess
import sys
import threading
import warnings
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F

import lossbook
from lossbook import check
from lossbook._report import STATUSES, WIDTH
from lossbook.check import CHECKS, INFORMATION, check_loss

ROOT = Path(__file__).parents[1]


def pinball(prediction, target, tau=0.9):
    error = target - prediction
    return torch.maximum(tau * error, (tau - 1) * error).mean()


def expectile(prediction, target):
    error = target - prediction
    return (torch.where(error > 0, 0.9, 0.1) * error**2).mean()


def log_cosh(prediction, target):  # optax
    error = prediction - target
    return (torch.logaddexp(error, -error) - math.log(2)).mean()


def mape(prediction, target):
    return ((prediction - target) / target).abs().mean()


def tube(prediction, target):
    return F.relu((prediction - target).abs() - 0.1).mean()


def sigmoid_cross_entropy(logits, labels):  # optax
    return (-labels * F.logsigmoid(logits) - (1 - labels) * F.logsigmoid(-logits)).mean()


def hinge(logits, labels):
    return F.relu(1 - (2 * labels - 1) * logits).mean()


def squared_hinge(logits, labels):
    return (F.relu(1 - (2 * labels - 1) * logits) ** 2).mean()


def focal(logits, labels):
    losses = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return ((1 - torch.exp(-losses)) ** 2 * losses).mean()


def loop(logits, labels):
    total = 0.0
    for z, y in zip(logits, labels, strict=True):
        total = total + F.softplus(-z if y else z)
    return total / len(logits)


def softmax_cross_entropy(logits, labels):  # optax
    return (torch.logsumexp(logits, -1) - torch.take_along_dim(logits, labels[:, None], -1)[:, 0]).mean()


def one_hot_cross_entropy(logits, labels):
    return -(F.one_hot(labels, logits.shape[-1]) * F.log_softmax(logits, -1)).sum(-1).mean()


def crammer_singer(logits, labels):
    margins = torch.ones_like(logits).scatter(1, labels[:, None], 0.0)
    return ((logits + margins).amax(1) - logits.gather(1, labels[:, None])[:, 0]).mean()


def one_against_the_rest(logits, labels):
    return F.binary_cross_entropy_with_logits(logits, F.one_hot(labels, logits.shape[1]).to(logits))


def poly1(logits, labels):
    losses = F.cross_entropy(logits, labels, reduction="none")
    return (losses + 1 - torch.exp(-losses)).mean()


def sample_weighted(logits, labels, weight=None):
    losses = F.cross_entropy(logits, labels, reduction="none")
    return losses.mean() if weight is None else (weight * losses).sum() / weight.sum()


RIGHT = {
    "regression": [
        F.mse_loss,
        F.l1_loss,
        F.huber_loss,
        F.smooth_l1_loss,
        torch.nn.MSELoss(),
        torch.nn.HuberLoss(delta=0.5),
        lossbook.mse,
        lossbook.mae,
        lossbook.huber,
        pinball,
        expectile,
        log_cosh,
        mape,
        tube,
        lambda prediction, target: ((prediction - target) ** 2).mean() / 2,
    ],
    "binary": [
        F.binary_cross_entropy_with_logits,
        torch.nn.BCEWithLogitsLoss(),
        torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)),
        lossbook.binary_cross_entropy_with_logits,
        lambda logits, labels: lossbook.hinge(logits, 2 * labels - 1),
        sigmoid_cross_entropy,
        hinge,
        squared_hinge,
        focal,
        loop,
    ],
    "multiclass": [
        F.cross_entropy,
        torch.nn.CrossEntropyLoss(),
        torch.nn.CrossEntropyLoss(label_smoothing=0.1),
        F.multi_margin_loss,
        lossbook.cross_entropy,
        softmax_cross_entropy,
        one_hot_cross_entropy,
        crammer_singer,
        poly1,
        one_against_the_rest,
        sample_weighted,
    ],
}


@pytest.mark.parametrize(("task", "fn"), [(task, fn) for task, losses in RIGHT.items() for fn in losses])
def test_right_losses_pass(task, fn):
    report = check_loss(fn, task=task)
    assert report.ok, report
    assert not report.failed
    assert not {*report.warnings} - {"broadcast", "weight"}


class _Halved(torch.autograd.Function):
    @staticmethod
    def forward(ctx, prediction, target):
        ctx.save_for_backward(prediction, target)
        return ((prediction - target) ** 2).mean()

    @staticmethod
    def backward(ctx, up):
        prediction, target = ctx.saved_tensors
        return up * (prediction - target) / len(prediction), None


def _first_only(prediction, target):
    for p, y in zip(prediction, target, strict=True):
        return (p - y) ** 2


def _in_place(prediction, target):
    return (target.sub_(prediction) ** 2).mean()


def _weight_outside(prediction, target, weight=None):
    return F.mse_loss(prediction, target) * (1 if weight is None else weight.mean())


def _weight_inside(prediction, target, weight=None):
    return F.mse_loss(prediction * (1 if weight is None else weight), target)


def _weight_over_n(prediction, target, weight=None):
    return ((1 if weight is None else weight) * (prediction - target) ** 2).mean()


def _best_so_far(prediction, target, seen=itertools.count(1)):  # noqa: B008
    return F.mse_loss(prediction, target) / next(seen)


def _clamped(logits, labels):
    p = logits.sigmoid().clamp(1e-7, 1 - 1e-7)
    return -(labels * p.log() + (1 - labels) * (1 - p).log()).mean()


def _log_of_sigmoid(logits, labels):
    p = logits.sigmoid()
    return -(labels * p.log() + (1 - labels) * (1 - p).log()).mean()


def _focal_of_the_mean(logits, labels):
    mean = F.binary_cross_entropy_with_logits(logits, labels)
    return (1 - torch.exp(-mean)) ** 2 * mean


def _focal_detached(logits, labels):
    losses = F.binary_cross_entropy_with_logits(logits, labels, reduction="none")
    return ((1 - torch.exp(-losses.detach())) ** 2 * losses).mean()


def _unshifted(logits, labels):
    exps = logits.exp()
    return -(exps.gather(1, labels[:, None])[:, 0] / exps.sum(1)).log().mean()


def _maximum_of_the_batch(logits, labels):
    logits = logits - logits.max().detach()
    return (logits.exp().sum(1).log() - logits.gather(1, labels[:, None])[:, 0]).mean()


def _zeros_masked(logits, labels):
    p = torch.where(labels == 1, logits.sigmoid(), 1 - logits.sigmoid())
    return -torch.where(p > 0, p, 1.0).log().mean()


def _class_weighted(logits, labels):
    return F.cross_entropy(logits, labels, weight=torch.arange(1, logits.shape[1] + 1, dtype=logits.dtype))


def _class_weights_on_the_sum(logits, labels):
    weights = torch.arange(1, logits.shape[1] + 1, dtype=logits.dtype)
    return (weights[labels] * F.cross_entropy(logits, labels, reduction="none")).mean()


def _without_class_0(logits, labels):
    return (logits[:, 1:].logsumexp(1) - logits.gather(1, labels[:, None])[:, 0]).mean()


def _with_accuracy(logits, labels):
    return F.cross_entropy(logits, labels), (logits.argmax(1) == labels).float().mean()


def _nan_branch(prediction, target):
    error = prediction - target
    return torch.where(error > 0, error.sqrt(), -error).mean()


def _positions(prediction, target):
    return (torch.linspace(0.5, 1.5, len(target)) * (prediction - target) ** 2).mean()


WRONG = [
    ("a number", lambda p, y: ((p - y) ** 2).mean().item(), "regression", "scalar"),
    ("no reduction", lambda p, y: (p - y) ** 2, "regression", "scalar"),
    ("log of negative numbers", lambda p, y: (torch.log1p(p) - torch.log1p(y)).pow(2).mean(), "regression", "scalar"),
    ("probabilities expected", lambda z, y: -(y * z.log() + (1 - y) * (1 - z).log()).mean(), "binary", "scalar"),
    ("torch's own, on logits", F.binary_cross_entropy, "binary", "scalar"),
    ("loss and accuracy", _with_accuracy, "multiclass", "scalar"),
    ("labels as reals", lambda z, y: F.cross_entropy(z, y.double()), "multiclass", "scalar"),
    ("noise", lambda p, y: F.mse_loss(p + 0.01 * torch.randn_like(p), y), "regression", "determinism"),
    ("dropout", lambda z, y: F.cross_entropy(F.dropout(z, 0.5), y), "multiclass", "determinism"),
    ("a memory", _best_so_far, "regression", "determinism"),
    ("in place", _in_place, "regression", "mutation"),
    ("in place, prediction", lambda z, y: F.cross_entropy(z.sub_(z.amax(1, True)), y), "multiclass", "mutation"),
    ("float()", lambda p, y: F.mse_loss(p.float(), y.float()), "regression", "dtype"),
    ("a float32 constant", lambda z, y: F.cross_entropy(z, y, weight=torch.ones(7)), "multiclass", "dtype"),
    ("detached", lambda p, y: F.mse_loss(p.detach(), y), "regression", "graph"),
    ("accuracy", lambda z, y: 1 - (z.argmax(1) == y).double().mean(), "multiclass", "graph"),
    ("zero-one", lambda z, y: ((z > 0).to(z) - y).abs().mean(), "binary", "graph"),
    ("rounded", lambda p, y: F.mse_loss(p.round(), y), "regression", "graph"),
    ("NaN in the branch not taken", _nan_branch, "regression", "graph"),
    ("returns in the loop", _first_only, "regression", "samples"),
    ("one side", lambda z, y: -(y * F.logsigmoid(z)).mean(), "binary", "samples"),
    ("hinge, labels 0 and 1", lambda z, y: F.relu(1 - y * z).mean(), "binary", "samples"),
    ("soft margin, labels 0 and 1", F.soft_margin_loss, "binary", "samples"),
    ("swapped", lambda z, y: F.binary_cross_entropy_with_logits(y, z), "binary", "samples"),
    ("class 0 ignored", lambda z, y: F.cross_entropy(z, y, ignore_index=0), "multiclass", "samples"),
    ("backward without the 2", _Halved.apply, "regression", "gradcheck"),
    ("focal factor detached", _focal_detached, "binary", "gradcheck"),
    ("the place counts", _positions, "regression", "permutation"),
    ("sorted", lambda p, y: (p.sort().values - y.sort().values).abs().mean(), "regression", "decomposition"),
    ("cumulated", lambda p, y: ((p - y).cumsum(0) ** 2).mean(), "regression", "permutation"),
    ("sum", lambda p, y: ((p - y) ** 2).sum(), "regression", "duplication"),
    ("a batch size of old", lambda z, y: F.cross_entropy(z, y, reduction="sum") / 32, "multiclass", "duplication"),
    ("softmax over the batch", lambda z, y: F.nll_loss(z.log_softmax(0), y), "multiclass", "duplication"),
    ("n - 1", lambda p, y: ((p - y) ** 2).sum() / (len(y) - 1), "regression", "duplication"),
    ("a column", lambda p, y: ((p[:, None] - y) ** 2).mean(), "regression", "pairs"),
    ("a column for torch", lambda p, y: F.mse_loss(p[:, None], y), "regression", "pairs"),
    ("the mean is right", lambda z, y: (z.logsumexp(1) - z.gather(1, y[:, None])).mean(), "multiclass", "pairs"),
    ("all of the labels", lambda z, y: -z.log_softmax(1)[:, y].mean(), "multiclass", "pairs"),
    ("RMSE", lambda p, y: F.mse_loss(p, y).sqrt(), "regression", "decomposition"),
    ("R2", lambda p, y: ((p - y) ** 2).sum() / ((y - y.mean()) ** 2).sum(), "regression", "decomposition"),
    ("focal of the mean", _focal_of_the_mean, "binary", "decomposition"),
    ("class weights in the mean", _class_weighted, "multiclass", "decomposition"),
    ("squeezed", lambda z, y: F.binary_cross_entropy_with_logits(z.squeeze(), y), "binary", "decomposition"),
    ("by hand", lambda p, y: ((p - y) ** 2).mean(), "regression", "broadcast"),
    ("torch's own", F.l1_loss, "regression", "broadcast"),
    ("by hand, classes", lambda z, y: -z.log_softmax(1)[range(len(y)), y].mean(), "multiclass", "broadcast"),
    ("no square", lambda p, y: (p - y).mean(), "regression", "perfect"),
    ("a sign", lambda p, y: -((p - y) ** 2).mean(), "regression", "perfect"),
    ("RMSE, perfect", lambda p, y: F.mse_loss(p, y).sqrt(), "regression", "perfect"),
    ("relative, no abs()", lambda p, y: ((p - y).abs() / y).mean(), "regression", "perfect"),
    ("a sign, classes", lambda z, y: F.nll_loss(-z.log_softmax(1), y), "multiclass", "perfect"),
    ("softmax twice", lambda z, y: F.cross_entropy(z.softmax(1), y), "multiclass", "perfect"),
    ("sigmoid twice", lambda z, y: F.binary_cross_entropy_with_logits(z.sigmoid(), y), "binary", "perfect"),
    ("no log_softmax", F.nll_loss, "multiclass", "perfect"),
    ("labels -1 and 1", lambda z, y: F.binary_cross_entropy_with_logits(z, 2 * y - 1), "binary", "perfect"),
    ("no sigmoid", F.mse_loss, "binary", "perfect"),
    ("classes from 1", lambda z, y: F.cross_entropy(z, (y - 1) % z.shape[1]), "multiclass", "perfect"),
    ("log(cosh)", lambda p, y: (p - y).cosh().log().mean(), "regression", "extreme"),
    ("log(sigmoid)", _log_of_sigmoid, "binary", "extreme"),
    ("log(softmax)", lambda z, y: F.nll_loss(z.softmax(1).log(), y), "multiclass", "extreme"),
    ("no maximum taken off", _unshifted, "multiclass", "extreme"),
    ("the maximum of the batch", _maximum_of_the_batch, "multiclass", "extreme"),
    ("zeros masked", _zeros_masked, "binary", "confident"),
    ("log(1 + exp)", lambda z, y: (torch.log(1 + z.exp()) - y * z).mean(), "binary", "extreme"),
    ("torch's own, overflows", lambda z, y: F.soft_margin_loss(z, 2 * y - 1), "binary", "extreme"),
    ("clamped", _clamped, "binary", "confident"),
    ("squares of probabilities", lambda z, y: F.mse_loss(z.sigmoid(), y), "binary", "confident"),
    ("no log", lambda z, y: F.nll_loss(z.softmax(1), y), "multiclass", "confident"),
    ("torch's own, clamped", lambda z, y: F.binary_cross_entropy(z.sigmoid(), y), "binary", "confident"),
    ("no class 0 in the sum", _without_class_0, "multiclass", "classes"),
    ("class weights", _class_weights_on_the_sum, "multiclass", "classes"),
    ("weight outside", _weight_outside, "regression", "weight"),
    ("weight inside", _weight_inside, "regression", "weight"),
    ("weight over n", _weight_over_n, "regression", "weight"),
    ("torch's own, over n", F.binary_cross_entropy_with_logits, "binary", "weight"),
]


@functools.cache
def report_of(fn, task):
    return check_loss(fn, task=task)


@pytest.mark.parametrize(("fn", "task", "name"), [case[1:] for case in WRONG], ids=[case[0] for case in WRONG])
def test_wrong_losses_are_caught_by_the_check_meant(fn, task, name):
    report = report_of(fn, task)
    assert name in report.failed + report.warnings, report
    (finding,) = [finding for finding in report.findings if finding.name == name]
    assert finding.tried
    assert finding.came
    assert finding.probably
    assert not {*INFORMATION} & {*report.failed, *report.warnings}


def test_a_cause_has_one_finding():
    several = {name: report_of(fn, task).failed for name, fn, task, _ in WRONG if len(report_of(fn, task).failed) > 1}
    assert several == {
        "accuracy": ("dtype", "graph"),
        "RMSE": ("decomposition", "perfect"),
        "RMSE, perfect": ("decomposition", "perfect"),
        "class weights in the mean": ("decomposition", "classes"),
        "classes from 1": ("perfect", "classes"),
        "no class 0 in the sum": ("perfect", "classes"),
    }


@pytest.mark.parametrize(
    ("name", "cause"),
    [
        ("a number", ".item() or float(); return the loss, a tensor"),
        ("no reduction", "no reduction; take .mean()"),
        ("one side", "half of the formula is missing"),
        ("returns in the loop", "a return inside the loop"),
        ("sum", "take .mean()"),
        ("softmax over the batch", "a softmax along it"),
        ("softmax twice", "a softmax too many"),
        ("no log_softmax", "no log_softmax"),
        ("no sigmoid", "as if they were probabilities"),
        ("classes from 1", "counted from 1"),
        ("by hand", "raise if they differ"),
    ],
)
def test_causes(name, cause):
    (fn, task, check) = next(case[1:] for case in WRONG if case[0] == name)
    assert any(cause in finding.probably for finding in report_of(fn, task).findings if finding.name == check)


def test_a_warning_of_pytorch_is_told_from_silence():
    silent, told = (report_of(fn, "regression") for name, fn, *_ in WRONG if name in ("by hand", "torch's own"))
    assert "without a word" in str(silent)
    assert "without a word" not in str(told)


def test_every_check_is_needed():
    assert {name for *_, name in WRONG} == CHECKS.keys() - {*INFORMATION}


def endless_python(prediction, target):
    while True:
        pass


def endless_torch(prediction, target):
    while True:
        try:
            prediction = prediction * 0.5
        except Exception:
            continue


def endless_if_far(prediction, target):
    while (prediction - target).abs().max() > 50:
        pass
    return F.mse_loss(prediction, target)


@pytest.mark.parametrize("fn", [endless_python, endless_torch, endless_if_far])
def test_a_loop_ends_in_a_finding(monkeypatch, fn):
    monkeypatch.setattr(check, "SECONDS", 1)
    report = check_loss(fn, task="regression")
    assert report.failed == ("extreme" if fn is endless_if_far else "scalar",)
    assert report.findings[0].came == "not done after 1 s"
    assert not any(isinstance(thread, threading.Timer) for thread in threading.enumerate())


def raises(prediction, target):
    raise RuntimeError(f"of {object()}")


def recurses(prediction, target):
    return recurses(prediction, target)


@pytest.mark.parametrize(
    ("fn", "came"),
    [
        (raises, "RuntimeError: of <object object at 0x…>"),
        (recurses, "RecursionError: "),
        (lambda prediction: prediction.mean(), "TypeError: "),
        (lambda p, y: [].index(1), "ValueError: "),
        (lambda p, y: 1 / 0, "ZeroDivisionError: "),
        (lambda p, y: (_ for _ in ()).throw(Exception), "Exception"),
        (lambda p, y: (p - y).detach().numpy().mean(), "a float64"),
        (lambda p, y: (p - y).detach().numpy() ** 2, "a ndarray"),
        (lambda p, y: np.mean((p - y).numpy() ** 2), "RuntimeError: Can't call numpy() on Tensor that requires grad."),
        (lambda p, y: float(F.mse_loss(p, y)), "a float"),
        (lambda p, y: None, "a NoneType"),
        (lambda p, y: (F.mse_loss(p, y), p), "a tuple"),
        (lambda p, y: "low", "a str"),
        (lambda p, y: F.mse_loss(p, y)[None], "1 value, of shape (1,)"),
        (lambda p, y: p - y, "13 values, of shape (13,)"),
        (lambda p, y: (p - y)[:0], "0 values, of shape (0,)"),
    ],
)
def test_what_is_no_loss_ends_in_one_finding(fn, came):
    report = check_loss(fn, task="regression")
    assert report.failed == ("scalar",)
    assert report.findings[0].came.startswith(came)
    assert {finding.came for finding in report.findings[1:]} == {"needs scalar"}


@pytest.mark.parametrize(
    ("options", "error", "words"),
    [
        (dict(fn=3, task="binary"), TypeError, ["fn", "int", "function"]),
        (dict(fn=F.mse_loss, task="ranking"), ValueError, ["task", "ranking", "multiclass"]),
        (dict(fn=F.mse_loss, task="regression", skip=("shift",)), ValueError, ["skip", "shift", "gradcheck"]),
        (dict(fn=F.mse_loss, task="regression", skip="shift"), ValueError, ["skip", "shift", "gradcheck"]),
    ],
)
def test_refusals(options, error, words):
    with pytest.raises(error) as caught:
        check_loss(**options)
    assert all(word in str(caught.value) for word in words)


def test_skip_leaves_out_one_check_and_nothing_else():
    def brier(logits, labels):
        return F.mse_loss(logits.sigmoid(), labels)

    assert check_loss(brier, task="binary").failed == ("confident",)
    report = check_loss(brier, task="binary", skip=["confident"])
    assert report.ok
    assert [finding.name for finding in report.findings if finding.came == "as asked for"] == ["confident"]
    skipped = check_loss(F.mse_loss, task="regression", skip="samples")
    assert [finding.name for finding in skipped.findings if finding.came == "as asked for"] == ["samples"]


@pytest.mark.parametrize(
    ("fn", "task", "name", "came"),
    [
        (F.mse_loss, "regression", "elicits", "the mean"),
        (F.l1_loss, "regression", "elicits", "the median"),
        (pinball, "regression", "elicits", "the 0.9 quantile"),
        (mape, "regression", "elicits", "no mean and no quantile: "),
        (expectile, "regression", "elicits", "no mean and no quantile: "),
        (F.huber_loss, "regression", "elicits", "no mean and no quantile: "),
        (lambda p, y: (p - y).mean(), "regression", "elicits", "nothing: "),
        (F.mse_loss, "regression", "convex", "yes"),
        (lambda p, y: torch.log1p((p - y) ** 2).mean(), "regression", "convex", "no: it bends down around"),
        (F.binary_cross_entropy_with_logits, "binary", "proper", "yes, as far as tried: its sigmoid is 0.7"),
        (focal, "binary", "proper", "no: its sigmoid is 0.578 where 0.7 is true"),
        (hinge, "binary", "proper", "no: its sigmoid is 0.731"),
        (lambda z, y: F.mse_loss(z.sigmoid(), y), "binary", "proper", "yes"),
        (lambda z, y: (z.sigmoid() - y).abs().mean(), "binary", "proper", "no: it is sure"),
        (torch.nn.BCEWithLogitsLoss(pos_weight=torch.tensor(3.0)), "binary", "proper", "no: its sigmoid is 0.875"),
        (focal, "binary", "convex", "no: "),
        (hinge, "binary", "convex", "yes"),
        (lambda z, y: torch.where(y == 1, F.softplus(-z), z.sigmoid()).mean(), "binary", "convex", "no: "),
        (F.cross_entropy, "multiclass", "proper", "yes"),
        (crammer_singer, "multiclass", "proper", "no: "),
        (F.cross_entropy, "multiclass", "convex", "yes"),
        (lambda z, y: F.nll_loss(z.softmax(1), y), "multiclass", "convex", "no: "),
    ],
)
def test_information(fn, task, name, came):
    report = check_loss(fn, task=task)
    assert name in report.information
    (finding,) = [finding for finding in report.findings if finding.name == name]
    assert finding.came.startswith(came)


def test_global_state_is_left_alone():
    def noisy(prediction, target):
        warnings.warn("noise", stacklevel=1)
        return F.mse_loss(prediction + torch.randn_like(prediction), target)

    class Learnt(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = torch.nn.Parameter(torch.zeros(()))

        def forward(self, prediction, target):
            return F.mse_loss(prediction, target) * torch.exp(-self.scale) + self.scale

    def state():
        return (
            torch.get_rng_state().tolist(),
            str(np.random.get_state()),  # noqa: NPY002
            torch.get_default_dtype(),
            torch.get_num_threads(),
            torch.is_grad_enabled(),
            torch.is_inference_mode_enabled(),
            list(warnings.filters),
        )

    learnt = Learnt()
    before = state()
    assert check_loss(noisy, task="regression").failed == ("determinism",)
    assert check_loss(learnt, task="regression").ok
    assert state() == before
    assert learnt.scale.grad is None


@pytest.mark.parametrize("context", [torch.no_grad, torch.inference_mode])
def test_gradients_need_not_be_on(context):
    with context():
        assert check_loss(F.cross_entropy, task="multiclass").ok


def test_default_dtype_does_not_matter():
    reports = []
    for dtype in (torch.float32, torch.float64):
        torch.set_default_dtype(dtype)
        try:
            reports.append(str(check_loss(F.huber_loss, task="regression")))
        finally:
            torch.set_default_dtype(torch.float32)
    assert reports[0] == reports[1]


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.open, self.seen, self.text = [], [], ""

    def handle_starttag(self, tag, attrs):
        self.open.append(tag)
        self.seen.append((tag, *attrs))

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data


@pytest.mark.parametrize(
    ("fn", "task"), [*[(case[1], case[2]) for case in WRONG], (raises, "binary"), (F.mse_loss, "regression")]
)
def test_reports_read_well(fn, task):
    report = report_of(fn, task)
    assert str(report) == str(check_loss(fn, task=task))
    lines = str(report).splitlines()
    assert repr(report) == str(report)
    assert max(map(len, lines)) <= WIDTH
    assert (": ok" in lines[0]) == report.ok
    assert all(finding.status in STATUSES for finding in report.findings)
    assert [finding.name for finding in report.findings[: len(report.failed)]] == [*report.failed]
    for finding in report.findings:
        assert any(line.startswith(finding.name) and finding.status in line for line in lines)
    page = Tags()
    page.feed(report._repr_html_())
    page.close()
    assert not page.open
    assert sum(tag == ("th", ("scope", "row")) for tag in page.seen) == len(report.findings)
    assert sum(tag == ("th", ("scope", "col")) for tag in page.seen) == 5
    assert page.seen[:2] == [("table",), ("caption",)]
    assert not any(name in ("style", "bgcolor", "color") for tag in page.seen for name, _ in tag[1:])
    assert all(finding.came in page.text and finding.probably in page.text for finding in report.findings)


def test_a_title_is_text():
    def bold(prediction, target):
        return F.mse_loss(prediction, target)

    bold.__name__ = "<b>&"
    assert "<caption>&lt;b&gt;&amp;, regression" in check_loss(bold, task="regression")._repr_html_()


@pytest.mark.parametrize("task", RIGHT)
def test_calls_are_few(task):
    """What a check costs is what the loss costs, times this."""
    calls = itertools.count()

    def counted(prediction, target):
        next(calls)
        return RIGHT[task][0](prediction, target)

    assert check_loss(counted, task=task).ok
    assert next(calls) < 700


def test_the_numpy_way_does_not_import_torch():
    code = "import lossbook.check, sys; assert 'torch' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)
