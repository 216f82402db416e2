"""Data, training and figures."""

import io
import sys

import matplotlib
import numpy as np
import pytest
import torch

matplotlib.use("agg")

import matplotlib.pyplot as plt

import lossbook
from lossbook import datasets, plotting, training

LOSS = lossbook.binary_cross_entropy_with_logits


@pytest.fixture
def parts():
    data = datasets.split(*datasets.article())
    return [training.as_tensors(part) for part in data[:3]]


def build():
    return torch.nn.Sequential(torch.nn.Linear(20, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1), torch.nn.Flatten(0))


class TestDatasets:
    def test_five_buses_are_those_of_the_worked_examples(self):
        buses = datasets.five_buses()
        arguments, _ = lossbook.mse.facts["example"]
        np.testing.assert_array_equal(buses.prediction, arguments["prediction"])
        np.testing.assert_array_equal(buses.target, arguments["target"])
        np.testing.assert_array_equal(buses.late, buses.target > 5)
        arguments, _ = lossbook.binary_cross_entropy.facts["example"]
        np.testing.assert_array_equal(buses.probability, arguments["probability"])

    def test_article(self):
        X, y = datasets.article()
        assert X.shape == (1000, 20)
        assert sorted(set(y)) == [0, 1]
        variance = np.linalg.svd(X - X.mean(0), compute_uv=False) ** 2
        assert (variance > 1e-9 * variance[0]).sum() == 10, "12 columns of rank 2, and 8 of noise"

    @pytest.mark.parametrize("name", datasets.SHIPPED)
    def test_load(self, name):
        X, y = datasets.load(name)
        assert len(X) == len(y) > 100
        assert np.isfinite(X).all()

    def test_load_refuses_what_does_not_ship(self):
        with pytest.raises(ValueError, match=r"name is 'mnist', expected one of breast_cancer, .*Usual cause"):
            datasets.load("mnist")

    def test_split_is_disjoint_stratified_and_standardised_on_its_first_part(self):
        X, y = datasets.article()
        data = datasets.split(np.column_stack([X, np.arange(1000)]), y, seed=3)
        rows = [data.scaler.inverse_transform(part.X)[:, -1].round().astype(int) for part in data[:3]]
        assert [len(part) for part in rows] == [600, 200, 200]
        assert sorted(np.concatenate(rows)) == list(range(1000))
        for part in data[:3]:
            assert part.y.mean() == pytest.approx(y.mean(), abs=0.005)
        np.testing.assert_allclose(data.train.X.mean(0), 0, atol=1e-9)
        np.testing.assert_allclose(data.train.X.std(0), 1, atol=1e-9)
        assert np.abs(data.test.X.mean(0)).max() > 0.01
        again, other = datasets.split(X, y, seed=3), datasets.split(X, y, seed=4)
        np.testing.assert_array_equal(again.test.y, data.test.y)
        assert not np.array_equal(other.test.X, again.test.X)

    def test_split_of_numbers(self):
        X, y = datasets.load("diabetes")
        assert len(datasets.split(X, y, stratify=False).test.y) == 89

    @pytest.mark.parametrize("share", [0, 0.25, 1])
    def test_flip_labels(self, share):
        y = np.random.default_rng(0).integers(3, size=400)
        noisy = datasets.flip_labels(y, share, seed=1)
        assert (noisy != y).sum() == share * 400
        assert noisy.min() >= 0
        assert noisy.max() <= 2
        counts = np.bincount((noisy - y)[noisy != y] % 3, minlength=3)
        assert counts[0] == 0
        if share:
            assert abs(counts[1] - counts[2]) < 0.2 * share * 400, "both other classes equally often"

    def test_flip_labels_refuses(self):
        with pytest.raises(ValueError, match="share is 20, expected a number from 0 to 1"):
            datasets.flip_labels([0, 1], 20)
        with pytest.raises(ValueError, match="classes is 1, expected at least 2"):
            datasets.flip_labels([0, 0], 0.5)

    def test_implicit_feedback_deals_every_like_once(self):
        data = datasets.implicit_feedback(users=50, items=40, likes=7, held_back=2, seed=1)
        assert [part.shape for part in data] == [(50, 7), (50, 2), (50, 2), (50, 40)]
        likes = np.concatenate(data[:3], axis=1)
        assert all(len(set(row)) == 11 for row in likes)
        assert likes.min() >= 0
        assert likes.max() < 40
        again, other = (datasets.implicit_feedback(50, 40, likes=7, held_back=2, seed=seed) for seed in (1, 2))
        np.testing.assert_array_equal(again.train, data.train)
        assert not np.array_equal(other.train, data.train)

    def test_implicit_feedback_follows_its_preferences(self):
        def counts(**strengths):
            data = datasets.implicit_feedback(users=1000, items=30, likes=3, held_back=1, **strengths)
            likes = np.concatenate(data[:3], axis=1)
            assert np.take_along_axis(data.preference, likes, axis=1).mean() >= data.preference.mean()
            return data, np.bincount(likes.ravel(), minlength=30)

        _, even = counts(taste=0, popularity=0)
        assert even.min() > 0.7 * even.mean()
        data, popular = counts(taste=0)
        assert np.allclose(data.preference, data.preference[0])
        assert np.corrcoef(np.log(popular), data.preference[0])[0, 1] > 0.9
        data, _ = counts(popularity=0)
        assert data.preference.std() == pytest.approx(1, abs=0.2)
        assert np.linalg.matrix_rank(data.preference) == 4

    def test_implicit_feedback_draws_in_proportion(self):
        """The share of users whose only three likes leave out one of four items, against its exact probability."""
        data = datasets.implicit_feedback(40_000, 4, likes=1, held_back=1, taste=0)
        weight = np.exp(data.preference[0])
        orders = [(a, b, c) for a in range(4) for b in range(4) for c in range(4) if len({a, b, c}) == 3]
        exact = np.zeros(4)
        for a, b, c in orders:
            left_out = 6 - a - b - c
            rest = weight.sum() - weight[a]
            exact[left_out] += weight[a] / weight.sum() * weight[b] / rest * weight[c] / (rest - weight[b])
        likes = np.concatenate(data[:3], axis=1)
        np.testing.assert_allclose(np.bincount(6 - likes.sum(1), minlength=4) / 40_000, exact, atol=0.01)

    @pytest.mark.parametrize(
        ("wrong", "message"),
        [
            (dict(items=24), r"items is 24, expected more than the 24 likes of a user.*Usual cause"),
            (dict(likes=0), r"are 300, 0 and 4, expected at least 1 of each.*Usual cause"),
            (dict(held_back=0.2), r"300, 16 and 0.2, expected at least 1"),
        ],
    )
    def test_implicit_feedback_refuses(self, wrong, message):
        with pytest.raises(ValueError, match=message):
            datasets.implicit_feedback(**wrong)


class TestTraining:
    def test_loss_falls_and_the_history_is_that_of_the_data(self, parts):
        train, validation, _ = parts
        model = training.seeded(build, 0)
        first = training.evaluate(model, LOSS, train)
        history = training.fit(model, LOSS, train, validation, epochs=30, lr=0.01)
        assert history.train[0] == pytest.approx(first), "the loss of a full batch before its step"
        assert history.train[-1] < history.train[0]
        assert len(history.train) == len(history.validation) == 30
        assert training.evaluate(model, LOSS, validation) == pytest.approx(history.validation[-1])

    def test_seeds_fix_everything_and_leave_the_generator_alone(self, parts):
        state = torch.random.get_rng_state()
        runs = [
            training.fit(training.seeded(build, 0), LOSS, parts[0], epochs=3, batch_size=64, seed=seed).train
            for seed in (0, 0, 1)
        ]
        assert runs[0] == runs[1] != runs[2]
        assert torch.equal(torch.random.get_rng_state(), state)
        weights = [training.seeded(build, seed)[0].weight for seed in (0, 0, 1)]
        assert torch.equal(weights[0], weights[1])
        assert not torch.equal(weights[0], weights[2])

    def test_every_sample_is_seen_once_an_epoch(self):
        seen = []

        def record(prediction, target):
            seen.extend(target.tolist())
            return (prediction.squeeze(-1) * 0).mean()

        data = torch.zeros(10, 1), torch.arange(10.0)
        model = torch.nn.Linear(1, 1)
        training.fit(model, record, data, epochs=2, batch_size=4)
        assert not model.training
        assert sorted(seen[:10]) == sorted(seen[10:]) == list(range(10))
        assert seen[:10] != seen[10:]

    def test_uneven_last_batch_counts_by_its_samples(self):
        data = torch.zeros(5, 1), torch.tensor([0.0, 0, 0, 0, 10])

        def loss(prediction, target):
            return lossbook.mse(prediction.squeeze(-1) * 0, target)

        history = training.fit(torch.nn.Linear(1, 1), loss, data, epochs=1, batch_size=2)
        assert history.train == [pytest.approx(20)]

    def test_early_stopping_goes_back_to_the_best_weights(self, parts):
        model = training.seeded(build, 0)
        history = training.fit(model, LOSS, *parts[:2], epochs=500, lr=0.1, patience=5)
        assert len(history.validation) == history.best_epoch + 6
        assert training.evaluate(model, LOSS, parts[1]) == pytest.approx(min(history.validation))
        assert min(history.validation) < history.validation[-1]

    def test_dropout_is_seeded_and_off_when_evaluated(self, parts):
        def dropping():
            return torch.nn.Sequential(build(), torch.nn.Dropout(0.5))

        runs = []
        for _ in range(2):
            model = training.seeded(dropping, 0)
            runs.append(training.fit(model, LOSS, *parts[:2], epochs=3).train)
            assert training.evaluate(model, LOSS, parts[1]) == training.evaluate(model, LOSS, parts[1])
        assert runs[0] == runs[1]

    def test_refuses(self, parts):
        with pytest.raises(ValueError, match="validation is None, expected data to stop by"):
            training.fit(build(), LOSS, parts[0], epochs=1, patience=3)
        with pytest.raises(FloatingPointError, match=r"the loss is nan in epoch 0.*Usual cause"):
            training.fit(build(), lambda output, target: output.mean() * float("nan"), parts[0], epochs=1)

    @pytest.mark.parametrize("watched", [False, True])
    def test_progress_is_only_for_who_watches(self, parts, monkeypatch, watched):
        stream = io.StringIO()
        monkeypatch.setattr(sys, "stderr", stream)
        monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
        if watched:
            monkeypatch.setenv("JPY_SESSION_NAME", "open in Jupyter")
        training.fit(build(), LOSS, *parts[:2], epochs=2)
        assert ("epoch 2/2: train 0." in stream.getvalue()) == watched
        assert watched or not stream.getvalue()


class TestPlotting:
    @pytest.fixture(autouse=True)
    def close(self):
        yield
        plt.close("all")

    def test_lines_differ_by_more_than_colour(self):
        x = np.arange(3)
        ax = plotting.lines(x, {str(i): x * i for i in range(6)}, xlabel="x", ylabel="y", marks=True, ylim=(0, 9))
        assert len({line.get_marker() for line in ax.lines}) == 6
        assert len({str(line._unscaled_dash_pattern) for line in ax.lines}) == 6
        assert [text.get_text() for text in ax.get_legend().get_texts()] == list("012345")
        assert ax.get_ylim() == (0, 9)

    def test_several_runs_are_a_mean_in_a_band(self):
        runs = np.array([[0.0, 1, 2], [2, 3, 4]])
        ax = plotting.lines([0, 1, 2], {"runs": runs}, xlabel="epoch", ylabel="loss")
        np.testing.assert_array_equal(ax.lines[0].get_ydata(), [1, 2, 3])
        band = ax.collections[0].get_paths()[0].vertices
        assert band[:, 1].min() == 0
        assert band[:, 1].max() == 4
        assert ax.get_legend() is None

    def test_regions_are_where_the_score_passes_the_threshold(self):
        X, y = np.array([[0.0, 0], [4, 4]]), np.array([0, 1])
        ax = plotting.regions(lambda p: p[:, 0], X, y, xlabel="a", ylabel="b", threshold=3, names=["no", "yes"])
        boundary = np.vstack([path.vertices for path in ax.collections[-1].get_paths()])
        np.testing.assert_allclose(boundary[:, 0], 3, atol=0.05)
        markers = [collection.get_paths()[0].vertices.shape for collection in ax.collections[:2]]
        assert markers[0] != markers[1], "classes differ by more than colour"

    def test_reliability_and_grid(self):
        ax = plotting.reliability({"a": ([0.2, 0.8], [0.1, 0.9]), "b": ([0.5], [0.4])})
        assert ax.lines[1].get_xydata().tolist() == [[0.2, 0.1], [0.8, 0.9]]
        assert len({line.get_marker() for line in ax.lines}) == 3
        ax = plotting.grid(
            np.array([[1, -2], [0, 3]]), rows=["a", "b"], columns=["c", "d"], xlabel="x", ylabel="y", highlight=[(0, 0)]
        )
        assert [text.get_text() for text in ax.texts] == ["1", "-2", "0", "3"]
        assert [patch.get_linewidth() for patch in ax.patches].count(2.5) == 1

    def test_figures_are_the_same_each_time_and_have_no_ground(self):
        drawn = []
        for _ in range(2):
            ax = plotting.lines([0, 1], {"a": [0, 1]}, xlabel="x", ylabel="y")
            file = io.StringIO()
            ax.figure.savefig(file, format="svg", metadata={"Date": None})
            drawn.append(file.getvalue())
        assert drawn[0] == drawn[1]
        assert "fill: #ffffff" not in drawn[0]
