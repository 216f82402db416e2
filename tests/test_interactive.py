"""Figures with a slider hold what was computed, and show one frame without a script."""

import re
import xml.etree.ElementTree as ET

import numpy as np
import pytest

from lossbook.interactive import BOTTOM, HEIGHT, LEFT, RIGHT, TOP, WIDTH, Frame, slider

OPTIONS = dict(label="shift <a>", alt="a parabola & a line", xlabel="x", ylabel="y (m)", xlim=(-2, 2), ylim=(-1, 4))
X = np.linspace(-3, 3, 61)


def frame(shift):
    return Frame(
        says=f"shift {shift:g} & more",
        curves={"square": (X, (X - shift) ** 2), "hole": (X, np.where(X < 0, np.nan, X))},
        lines={"least": shift},
        points={"data": ([shift, 0], [1, 2])},
    )


@pytest.fixture
def figure():
    html = slider({shift: frame(shift) for shift in (-1, 0, 0.5)}, start=1, **OPTIONS)._repr_html_()
    return ET.fromstring(html)


def numbers(x, y):
    """Undo the drawing."""
    low, high = OPTIONS["xlim"], OPTIONS["ylim"]
    x = low[0] + (np.asarray(x) - LEFT) / (WIDTH - LEFT - RIGHT) * (low[1] - low[0])
    y = high[0] + (HEIGHT - BOTTOM - np.asarray(y)) / (HEIGHT - TOP - BOTTOM) * (high[1] - high[0])
    return x, y


def test_curves_lines_and_points_stand_where_they_were_computed(figure):
    frames = figure.findall(".//g[@class='frame']")
    for shift, drawn in zip((-1, 0, 0.5), frames, strict=True):
        square, hole, least = (
            np.array(re.findall(r"[ML]([\d.]+) ([\d.]+)", p.get("d")), float).T for p in drawn.iter("path")
        )
        x, y = numbers(*square)
        np.testing.assert_allclose(y, (x - shift) ** 2, atol=0.05)
        assert x.min() >= -2
        assert y.max() <= 4
        assert numbers(*hole)[0].min() >= 0
        np.testing.assert_allclose(numbers(*least)[0], shift, atol=0.01)
        dots = [(float(c.get("cx")), float(c.get("cy"))) for c in drawn.iter("circle")]
        np.testing.assert_allclose([numbers(*dot) for dot in dots], [(shift, 1), (0, 2)], atol=0.02)


def test_one_frame_is_seen_and_all_can_be_read(figure):
    assert [g.get("hidden") for g in figure.findall(".//g[@class='frame']")] == ["", None, ""]
    assert [item.text for item in figure.iter("li")] == ["shift -1 & more", "shift 0 & more", "shift 0.5 & more"]
    assert figure.find("p[@class='slider-says']").text == "shift 0 & more"
    assert figure.find("svg").get("aria-label") == OPTIONS["alt"]
    assert figure.get("data-label") == "shift <a>"
    assert figure.get("data-values") == "-1 0 0.5"
    assert "".join(figure.find("p[@class='slider-legend']").itertext()).split() == ["square", "hole", "least", "data"]


def test_a_figure_to_be_dragged_says_where_its_values_stand(figure):
    assert figure.get("data-drag") is None
    dragged = slider({shift: frame(shift) for shift in (-1, 0, 0.5)}, drag=True, **OPTIONS).html
    places = np.array(ET.fromstring(dragged).get("data-drag").split(), float)
    np.testing.assert_allclose(numbers(places, 0)[0], [-1, 0, 0.5], atol=0.01)


def test_ticks_are_round_and_inside():
    html = slider({0: frame(0)}, **OPTIONS).html
    ticks = [text.replace("−", "-") for text in re.findall(r">(−?[\d.]+)</text>", html)]
    assert ticks == ["-2", "-1", "0", "1", "2", "-1", "0", "1", "2", "3", "4"]


def test_what_cannot_be_one_figure_is_refused():
    with pytest.raises(ValueError, match="frames holds 0, expected 1 to 60"):
        slider({}, **OPTIONS)
    with pytest.raises(ValueError, match="frames holds 61"):
        slider({i: frame(0) for i in range(61)}, **OPTIONS)
    with pytest.raises(ValueError, match="show different things"):
        slider({0: frame(0), 1: Frame(says="")}, **OPTIONS)
