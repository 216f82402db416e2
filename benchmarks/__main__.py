"""Measure what the checks of each loss cost against its bare formula."""

import timeit

import numpy as np
import torch

from lossbook import catalogue
from lossbook._spaces import draw

SAMPLES = (100, 1_000_000)
CLASSES = 10
SECONDS = 0.2


def arguments(loss, samples, make):
    """Draw arguments of a loss; `make` turns them into arrays of a library."""
    drawn = draw(loss, {"...": (samples,), "n": samples, "c": CLASSES})
    return {name: make(value) if isinstance(value, np.ndarray) else value for name, value in drawn.items()}


def seconds(call):
    """Return the time of one call, the best of five tries."""
    timer = timeit.Timer(call)
    number = max(1, round(SECONDS / 5 / max(timer.timeit(1), 1e-9)))
    return min(timer.repeat(5, number)) / number


def ratio(loss, drawn):
    """Return how many times as long the checked call takes as the formula."""
    extra = {} if loss.batch else {"reduction": "none"}
    return seconds(lambda: loss(**drawn, **extra)) / seconds(lambda: loss.formula(**drawn))


def main():
    """Print a table: losses by libraries and sizes."""
    columns = [
        (library, make, samples)
        for library, make in (("numpy", np.asarray), ("torch", torch.from_numpy))
        for samples in SAMPLES
    ]
    print("How many times as long the checked call takes as the formula")
    print(f"{'':34}" + "".join(f"{library:>7} {samples:<8.0e}" for library, _, samples in columns))
    for name, loss in catalogue.items():
        ratios = [ratio(loss, arguments(loss, samples, make)) for _, make, samples in columns]
        print(f"{name:34}" + "".join(f"{value:>9.1f}       " for value in ratios), flush=True)


if __name__ == "__main__":
    main()
