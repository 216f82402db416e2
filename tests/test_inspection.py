"""inspect_batch names what is wrong with a batch, and finds nothing in what is right."""

import copy
import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from lossbook import inspect_batch

torch.manual_seed(0)
X = torch.randn(12, 5)
CLASS, REAL = torch.arange(12) % 3, torch.randn(12)
EVENT = (REAL > 0).float()


def net(outputs, *more):
    flat = [nn.Flatten(0)] if outputs == 1 else []
    return nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, outputs), *flat, *more)


def frozen():
    return net(3).requires_grad_(False)


def broken():
    model = nn.Sequential(nn.Linear(5, 5), nn.Linear(5, 3))
    nn.init.constant_(model[1].weight, math.inf)
    return model


class Two(nn.Module):
    """One of its layers is not used."""

    def __init__(self):
        super().__init__()
        self.used, self.unused = nn.Linear(5, 3), nn.Linear(5, 3)

    def forward(self, x):
        return self.used(x)


CE, MSE, BCE, LOGITS = nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCELoss(), nn.BCEWithLogitsLoss()
RIGHT = {
    "classes": (net(3), CE, CLASS),
    "probability targets": (net(3), CE, F.one_hot(CLASS).float()),
    "some ignored": (net(3), CE, CLASS.masked_fill(CLASS == 2, -100)),
    "log-probabilities": (net(3, nn.LogSoftmax(-1)), nn.NLLLoss(), CLASS),
    "reals": (net(1), MSE, REAL),
    "logits": (net(1), LOGITS, EVENT),
    "probabilities": (net(1, nn.Sigmoid()), BCE, EVENT),
    "a Brier score": (net(1, nn.Sigmoid()), MSE, EVENT),
    "a column": (nn.Linear(5, 1), MSE, REAL[:, None]),
    "a function": (lambda x: x[:, 0].clone().requires_grad_(), MSE, REAL),
    "segmentation": (lambda x: x.reshape(2, 5, 3, 2).requires_grad_(), CE, torch.zeros(2, 3, 2).long()),
    "a pair": (lambda x: (x.requires_grad_(), x), lambda out, y: out[0].mean() + y.mean(), REAL),
}
WRONG = {
    "softmax twice": (net(3, nn.Softmax(-1)), CE, CLASS, "twice", "softmax"),
    "sigmoid twice": (net(1, nn.Sigmoid()), LOGITS, EVENT, "twice", "sigmoid"),
    "column and row": (nn.Linear(5, 1), lambda p, y: ((p - y) ** 2).mean(), REAL, "shapes", "broadcast"),
    "classes from 1": (net(3), CE, CLASS + 1, "labels", "counted from 1"),
    "unlabelled": (net(3), CE, CLASS - 1, "labels", "marker"),
    "all ignored": (net(3), CE, CLASS * 0 - 100, "ignored", "mean over nothing"),
    "NaN target": (net(1), MSE, REAL.clone().fill_(math.nan), "target", "the data"),
    "detached": (lambda x: net(3)(x).detach(), CE, CLASS, "graph", "detach"),
    "frozen": (frozen(), CE, CLASS, "graph", "frozen"),
    "a flat loss": (net(1), lambda p, y: (p.sigmoid().round() - y).square().mean(), EVENT, "learning", "flat"),
    "a decision": (net(3), lambda p, y: (p.argmax(1) != y).float().mean(), CLASS, "gradient", "argmax"),
    "a root at 0": (net(1), lambda p, y: (p - p.detach()).square().mean().sqrt(), REAL, "backward", "root"),
    "no mean": (net(3), nn.CrossEntropyLoss(reduction="none"), CLASS, "scalar", "mean"),
    "a float": (net(3), lambda p, y: CE(p, y).item(), CLASS, "scalar", "left PyTorch"),
    "log of 0": (net(1), lambda p, y: (p * 0).log().mean(), REAL, "loss", "log"),
    "labels as reals": (net(3), CE, CLASS.float(), "error", ".long()"),
    "a layer that blows up": (
        broken(),
        CE,
        CLASS,
        "finite",
        "'1'",
    ),
}


@pytest.mark.parametrize(("model", "loss", "y"), RIGHT.values(), ids=RIGHT)
def test_right_batches_pass(model, loss, y):
    report = inspect_batch(model, loss, (X.clone(), y))
    assert report.ok, report
    assert not report.warnings, report


@pytest.mark.parametrize(("model", "loss", "y", "name", "word"), WRONG.values(), ids=WRONG)
def test_wrong_batches_are_named(model, loss, y, name, word):
    report = inspect_batch(model, loss, (X, y))
    assert report.failed == (name,), report
    assert word in report.findings[0].probably, report


def test_nan_in_the_input_is_found_first():
    report = inspect_batch(net(3), CE, (X.clone().fill_(math.nan), CLASS))
    assert report.failed == ("input",)


def test_a_warning_of_the_library_is_passed_on():
    report = inspect_batch(nn.Linear(5, 1), MSE, (X, REAL))
    assert report.failed == ("shapes",)
    assert "warning" in report.warnings
    assert "target size" in str(report)


def test_a_broadcast_that_does_not_grow_is_a_warning():
    report = inspect_batch(net(3), lambda p, y: (y - p).abs().mean(), (X, REAL[:, None]))
    assert report.ok
    assert report.warnings == ("shapes",)


def test_layers_that_are_not_reached_are_a_warning():
    report = inspect_batch(Two(), CE, (X, CLASS))
    assert report.ok
    assert report.warnings == ("reach",)
    assert "unused" in str(report)


def test_nothing_changes():
    model = nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Dropout(), nn.Linear(4, 3))
    CE(model(X), CLASS).backward()
    before = copy.deepcopy(model.state_dict()), [p.grad.clone() for p in model.parameters()], torch.get_rng_state()
    inspect_batch(model, CE, (X, CLASS))
    assert all(torch.equal(a, b) for a, b in zip(before[0].values(), model.state_dict().values(), strict=True))
    assert all(torch.equal(a, p.grad) for a, p in zip(before[1], model.parameters(), strict=True))
    assert torch.equal(before[2], torch.get_rng_state())
    assert not model[0]._forward_hooks


@pytest.mark.parametrize(
    "batch", [3, None, (X,), (X, CLASS, 3), (X.numpy(), CLASS), ({}, {}), ("a", "b"), (X[:0], CLASS[:0])]
)
@pytest.mark.parametrize("loss", [CE, None, "mse"], ids=["loss", "none", "text"])
def test_odd_input_ends_in_a_finding(batch, loss):
    report = inspect_batch(net(3), loss, batch)
    assert not report.ok
    assert str(report)
    assert report._repr_html_()
