"""The mechanism behind the losses, and what belongs to one loss alone."""

import copy
import math
import warnings

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from examples import draw

import lossbook
from lossbook import _math
from lossbook._loss import loss
from lossbook._spaces import real


def rng():
    return np.random.default_rng(0)


def test_a_broadcast_is_refused_with_the_shape_it_would_have():
    with pytest.raises(ValueError, match=r"target has shape \(4,\), expected \(4, 1\).*broadcast to \(4, 4\)"):
        lossbook.mse(np.ones((4, 1)), np.ones(4))


def test_squeeze_is_only_advised_where_it_helps():
    with pytest.raises(ValueError, match=r"\.squeeze\(-1\) on the one of shape \(4, 1\)"):
        lossbook.mse(np.ones((4, 1)), np.ones(4))
    for one, many in (((1,), (4,)), ((4, 1), (4, 3))):
        with pytest.raises(ValueError, match="an axis of size 1, which would broadcast") as refused:
            lossbook.mse(np.ones(one), np.ones(many))
        assert "squeeze" not in str(refused.value)


def test_a_refusal_tells_where_and_how_many():
    target = np.array([0.0, np.nan, 1, np.nan])
    with pytest.raises(ValueError, match=r"^target holds nan at \[1\] \(2 of 4 values\), expected finite numbers"):
        lossbook.mse(np.zeros(4), target)


def test_large_numbers_are_finite_though_their_sum_is_not():
    large = np.full(4, 3e38, np.float32)
    assert lossbook.mae(large, large) == 0
    assert lossbook.mae(torch.from_numpy(large), torch.from_numpy(large)) == 0


@pytest.mark.parametrize("delta", [0, -1.0, math.inf, math.nan])
def test_parameters_outside_their_space(delta):
    with pytest.raises(ValueError, match=r"^delta is .*expected finite numbers above 0. Usual cause"):
        lossbook.huber(np.ones(3), np.zeros(3), delta=delta)


@pytest.mark.parametrize("delta", [None, "1", True, [1.0]])
def test_parameters_of_wrong_kind(delta):
    with pytest.raises(TypeError, match=r"^delta is .*expected finite numbers above 0. Usual cause"):
        lossbook.huber(np.ones(3), np.zeros(3), delta=delta)
    with pytest.raises(TypeError, match=r"^ignore_index is 0.5, expected a whole number"):
        lossbook.cross_entropy(np.ones((2, 3)), np.zeros(2, int), ignore_index=0.5)


def test_wrong_calls_fail_like_those_of_any_function():
    with pytest.raises(TypeError, match="target"):
        lossbook.mse(np.ones(3))
    with pytest.raises(TypeError, match="positional"):
        lossbook.mse(np.ones(3), np.ones(3), np.ones(3))
    with pytest.raises(TypeError, match="delt"):
        lossbook.huber(np.ones(3), np.ones(3), delt=1.0)


def test_a_declaration_names_every_parameter():
    with pytest.raises(TypeError, match="target"):

        @loss({"prediction": real()}, dict(convex=True, lipschitz=1), example=({}, 0), source="")
        def halved(prediction, target):
            return prediction - target


def test_a_nan_that_only_all_arguments_explain_is_refused():
    logits = np.full((2, 3), -np.inf)
    with warnings.catch_warnings(action="ignore"), pytest.raises(ValueError, match=r"NaN.*Usual cause"):
        lossbook.cross_entropy(logits, np.array([0, 1]))


def test_the_unchecked_formula_returns_one_value_a_sample():
    prediction, target = torch.arange(6.0).reshape(2, 3), torch.ones(2, 3)
    torch.testing.assert_close(torch.func.vmap(lossbook.mse.formula)(prediction, target), (prediction - 1) ** 2)


def test_functional_gradient_passes_the_checks():
    prediction, target = torch.tensor([3.0, 4.0]), torch.tensor([2.0, 4.0])
    torch.testing.assert_close(torch.func.grad(lossbook.mse)(prediction, target), torch.tensor([1.0, 0.0]))


def test_arguments_are_left_as_they_were():
    for function in lossbook.catalogue.values():
        given = draw(function)
        before = copy.deepcopy(given)
        function(**given)
        for name in given:
            np.testing.assert_array_equal(given[name], before[name])


class TestCrossEntropy:
    logits = rng().normal(size=(6, 4))
    target = np.array([0, 3, 1, -100, 2, 1])
    class_weight = np.array([1.0, 2, 0.5, 3])

    def in_torch(self, target, **options):
        return F.cross_entropy(torch.from_numpy(self.logits), torch.from_numpy(target), **options).numpy()

    @pytest.mark.parametrize("reduction", ["none", "sum", "mean"])
    @pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
    @pytest.mark.parametrize("weighted", [False, True])
    def test_is_that_of_torch(self, reduction, smoothing, weighted):
        np.testing.assert_allclose(
            lossbook.cross_entropy(
                self.logits,
                self.target,
                class_weight=self.class_weight if weighted else None,
                label_smoothing=smoothing,
                reduction=reduction,
            ),
            self.in_torch(
                self.target,
                weight=torch.from_numpy(self.class_weight) if weighted else None,
                label_smoothing=smoothing,
                reduction=reduction,
            ),
        )

    @pytest.mark.parametrize("smoothing", [0.0, 0.2])
    def test_probabilities_as_target(self, smoothing):
        target = rng().dirichlet(np.ones(4), size=6)
        np.testing.assert_allclose(
            lossbook.cross_entropy(self.logits, target, label_smoothing=smoothing),
            self.in_torch(target, label_smoothing=smoothing),
        )

    def test_indices_and_their_one_hot_rows_agree_under_class_weights(self):
        kept = self.target >= 0
        one_hot = np.eye(4)[self.target[kept]]
        indices, rows = (
            lossbook.cross_entropy(self.logits[kept], target, class_weight=self.class_weight)
            for target in (self.target[kept], one_hot)
        )
        np.testing.assert_allclose(indices, rows)

    def test_more_axes_are_more_samples(self):
        logits, target = rng().normal(size=(2, 3, 4)), rng().integers(4, size=(2, 3))
        for options in ({}, {"class_weight": self.class_weight, "label_smoothing": 0.1}):
            np.testing.assert_allclose(
                lossbook.cross_entropy(logits, target, reduction="none", **options).ravel(),
                lossbook.cross_entropy(logits.reshape(6, 4), target.ravel(), reduction="none", **options),
            )
            np.testing.assert_allclose(
                lossbook.cross_entropy(logits, target, **options),
                lossbook.cross_entropy(logits.reshape(6, 4), target.ravel(), **options),
            )

    @pytest.mark.parametrize("dtype", [np.uint8, np.int16, np.int32, np.int64, bool])
    def test_every_integer_dtype_is_an_index(self, dtype):
        target = np.array([0, 1, 1, 0, 1, 0])
        expected = lossbook.cross_entropy(self.logits, target)
        assert lossbook.cross_entropy(self.logits, target.astype(dtype)) == expected
        in_torch = lossbook.cross_entropy(torch.from_numpy(self.logits), torch.from_numpy(target.astype(dtype)))
        np.testing.assert_allclose(in_torch, expected)

    def test_another_ignored_index(self):
        target = np.where(self.target == -100, 255, self.target)
        np.testing.assert_allclose(
            lossbook.cross_entropy(self.logits, target, ignore_index=255),
            lossbook.cross_entropy(self.logits, self.target),
        )
        with pytest.raises(ValueError, match=r"target holds -100 at \[3\].*expected class indices from 0, below 4"):
            lossbook.cross_entropy(self.logits, self.target, ignore_index=255)

    def test_all_ignored(self):
        target = np.full(6, -100)
        with pytest.raises(ValueError, match="all targets are ignored"):
            lossbook.cross_entropy(self.logits, target)
        assert lossbook.cross_entropy(self.logits, target, reduction="sum") == 0

    @pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
    def test_huge_logits(self, dtype):
        logits = torch.tensor([[1e4, -1e4, 0.0], [-1e4, 1e4, 0.0]], dtype=dtype, requires_grad=True)
        value = lossbook.cross_entropy(logits, torch.tensor([0, 2]))
        value.backward()
        assert float(value.detach()) == 5e3
        torch.testing.assert_close(logits.grad, torch.tensor([[0, 0, 0], [0, 0.5, -0.5]], dtype=dtype))

    def test_classes_ruled_out_by_minus_infinity(self):
        logits = torch.tensor([[1.0, -math.inf, 2.0], [0.0, 1.0, -math.inf]], requires_grad=True)
        value = lossbook.cross_entropy(logits, torch.tensor([0, 1]))
        value.backward()
        expected = (math.log(1 + math.e) + math.log(1 + 1 / math.e)) / 2
        assert float(value.detach()) == pytest.approx(expected)
        assert torch.isfinite(logits.grad).all()
        assert logits.grad[0, 1] == logits.grad[1, 2] == 0
        rows = torch.tensor([[1.0, 0, 0], [0, 1.0, 0]])
        torch.testing.assert_close(lossbook.cross_entropy(logits.detach(), rows), value.detach())

    def test_logits_that_look_like_probabilities_warn_and_pass(self):
        probabilities = rng().dirichlet(np.ones(4), size=6)
        with pytest.warns(UserWarning, match="logits look like probabilities.*softmax") as caught:
            lossbook.cross_entropy(probabilities, self.target)
        assert caught[0].filename == __file__
        with warnings.catch_warnings(action="error"):
            lossbook.cross_entropy(self.logits, self.target)
            lossbook.cross_entropy(np.zeros((6, 4)), self.target)

    def test_shapes_that_libraries_take_for_something_else(self):
        with pytest.raises(ValueError, match="always 0; use the binary loss"):
            lossbook.cross_entropy(np.zeros((6, 1)), np.zeros(6, int))
        with pytest.raises(ValueError, match=r"expected \(6,\) to go with logits.*one-hot"):
            lossbook.cross_entropy(self.logits, np.eye(6, 4, dtype=int))
        with pytest.raises(ValueError, match=r"expected \(6, 4\) to go with logits.*stored as floats"):
            lossbook.cross_entropy(self.logits, np.zeros(6))
        with pytest.raises(ValueError, match=r"rows of probabilities that sum to 1.*several labels at once"):
            lossbook.cross_entropy(self.logits, np.ones((6, 4)))
        with pytest.raises(ValueError, match=r"class_weight has shape \(3,\), expected \(4,\)"):
            lossbook.cross_entropy(self.logits, self.target, class_weight=np.ones(3))
        with pytest.raises(ValueError, match="Classes stand on the last axis"):
            lossbook.cross_entropy(np.zeros((2, 4, 5)), np.zeros((2, 5), int))


class TestBinaryCrossEntropy:
    def test_certain_and_right_costs_nothing_certain_and_wrong_everything(self):
        target = np.array([0.0, 1.0])
        assert lossbook.binary_cross_entropy(target, target) == 0
        with warnings.catch_warnings(action="ignore"):
            assert lossbook.binary_cross_entropy(1 - target, target) == math.inf

    def test_gradient_of_logits_is_probability_minus_target(self):
        logits = torch.tensor([0.0, 0.0, 3.0, -50.0, 1e4], dtype=torch.float64, requires_grad=True)
        target = torch.tensor([0.0, 1.0, 1.0, 1.0, 0.25], dtype=torch.float64)
        lossbook.binary_cross_entropy_with_logits(logits, target, reduction="sum").backward()
        torch.testing.assert_close(logits.grad, torch.sigmoid(logits.detach()) - target)

    def test_small_losses_keep_their_digits(self):
        value = lossbook.binary_cross_entropy_with_logits(np.array([40.0, -40.0]), np.array([1.0, 0.0]))
        assert value == pytest.approx(math.exp(-40), rel=1e-12)


def test_rmse_of_a_perfect_prediction_is_0_with_gradient_0():
    prediction = torch.tensor([1.0, 2.0], requires_grad=True)
    value = lossbook.rmse(prediction, prediction.detach().clone())
    value.backward()
    assert value == 0
    assert prediction.grad.tolist() == [0.0, 0.0]


def test_math_at_the_edges():
    x = torch.tensor([[-math.inf, 0.0], [1e4, 1e4]], dtype=torch.float64)
    np.testing.assert_allclose(_math.logsumexp(x), [0, 1e4 + math.log(2)])
    np.testing.assert_allclose(_math.softplus(np.array([-1e4, 0, 1e4])), [0, math.log(2), 1e4])
    np.testing.assert_allclose(_math.xlogy(np.array([0.0, 2.0]), np.array([0.0, 3.0])), [0, 2 * math.log(3)])
    with pytest.raises(TypeError):
        _math.namespace(np.ones(1), torch.ones(1))
