"""Measure five losses against PyTorch's own: ``make bench``.

All figures are ratios within this run. The ways to compute a loss take turns, and of each the fastest turn counts,
so that a busy machine disturbs all of them alike. Everything runs on one thread.
"""

import argparse
import gc
import json
import math
import os
import tempfile
import time
from functools import partial
from pathlib import Path

os.environ.setdefault("KINETO_LOG_LEVEL", "99")  # the profiler would speak of its start and end

import numpy as np
import torch
import torch.nn.functional as F
from torch.profiler import ProfilerActivity, profile

import lossbook
from lossbook._spaces import draw

# Arithmetic alone, two pieces, logarithms, exponentials, and sums over the classes: the rest is made of these.
LOSSES = ("mse", "huber", "binary_cross_entropy", "binary_cross_entropy_with_logits", "cross_entropy")
ELEMENTS = (1_000, 100_000, 1_000_000, 10_000_000)
CLASSES = 10
TURNS = 3
SECONDS = 0.01  # the least that a turn lasts
MEMORY_AT = 1_000_000

COMPILED_GOAL, COMPILED_FROM = 1.1, 100_000
CHECKED_GOAL, CHECKED_AT = 1.3, 1_000_000


def tensors(loss, elements):
    """Draw arguments of a loss, as NumPy arrays and as tensors of float32 that want gradients."""
    rows = elements // CLASSES
    by_class = any("c" in (space.axes or "").split() for space in loss.spaces.values())
    drawn = draw(loss, {"...": (rows if by_class else elements,), "n": rows, "c": CLASSES})
    for name, value in drawn.items():
        if isinstance(value, np.ndarray) and value.dtype == np.float64:
            drawn[name] = value.astype(np.float32)
    given = {key: torch.from_numpy(value) for key, value in drawn.items() if isinstance(value, np.ndarray)}
    for name, value in given.items():
        value.requires_grad_(name != "target" and value.is_floating_point())
    return drawn, {**drawn, **given}


def bare(loss):
    """Return the mean of a loss without checks."""

    def mean(**arguments):
        result = loss.formula(**arguments)
        if isinstance(result, tuple):
            return result[0].sum() / result[1].sum()
        return result.mean()

    return mean


def ways(loss, compiler):
    """Return the ways to compute a loss, by name; PyTorch's own comes first."""
    torch._dynamo.reset()  # all losses share the code of `bare`, and of one code it keeps eight versions
    fused = eval(f"lambda {', '.join(loss.spaces)}: {loss.facts['torch']}", {"F": F, "torch": torch})
    eager = {"fused": fused, "formula": bare(loss), "checked": loss}
    # One size, as in training; compiled for sizes that change it starts later.
    compiled = {f"{name} compiled": torch.compile(call, fullgraph=True, dynamic=False) for name, call in eager.items()}
    return eager | (compiled if compiler else {})


def step(call, arguments, wanting):
    """Compute a loss and its gradients."""
    return torch.autograd.grad(call(**arguments), wanting)


def fastest(calls):
    """Return the seconds of one call of each; they take turns."""
    numbers = {}
    for name, call in calls.items():
        call()  # compiles, and warms the caches
        started = time.perf_counter()
        call()
        numbers[name] = max(1, round(SECONDS / (time.perf_counter() - started)))
    best = dict.fromkeys(calls, float("inf"))
    for _ in range(TURNS):
        for name, call in calls.items():
            started = time.perf_counter()
            for _ in range(numbers[name]):
                call()
            best[name] = min(best[name], (time.perf_counter() - started) / numbers[name])
    return best


def peak(call):
    """Return the most bytes that a call held at one time besides its inputs.

    They are summed from PyTorch's own record of what its allocator gave and took back: the same on every system,
    to the byte, and blind only to what a kernel keeps on its stack.
    """
    call()
    gc.collect()
    with profile(activities=[ProfilerActivity.CPU], profile_memory=True) as record:
        call()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        record.export_chrome_trace(str(file))
        events = [event for event in json.loads(file.read_text())["traceEvents"] if event["name"] == "[memory]"]
    held = np.cumsum([event["args"]["Bytes"] for event in sorted(events, key=lambda event: event["ts"])])
    return max(held)


def has_compiler():
    """Tell whether torch.compile works here; it needs a C++ compiler."""
    try:
        torch.compile(lambda x: x + 1)(torch.ones(3))
    except Exception as error:
        print(f"no compiler, eager only: {str(error).strip().splitlines()[0]}")
        return False
    return True


def measure(loss, elements, compiler):
    """Return the seconds of each way, forward, with gradients and in NumPy, and the bytes each held."""
    drawn, arguments = tensors(loss, elements)
    wanting = [value for value in arguments.values() if torch.is_tensor(value) and value.requires_grad]
    calls = ways(loss, compiler)
    with torch.no_grad():
        forward = fastest({way: partial(call, **arguments) for way, call in calls.items()})
    steps = {way: partial(step, call, arguments, wanting) for way, call in calls.items()}
    both = fastest(steps)
    in_numpy = fastest({"formula": partial(bare(loss), **drawn), "checked": partial(loss, **drawn)})
    held = {way: peak(call) / wanting[0].nbytes for way, call in steps.items()} if elements == MEMORY_AT else {}
    return forward, both, in_numpy, held


WAYS = ("formula", "checked", "fused compiled", "formula compiled", "checked compiled")
HEADER = """\
Times as multiples of those of PyTorch's fused loss in eager mode, of the mean loss of float32 numbers.
Under "checks" those of the checked call as multiples of the formula's, in eager mode.

        |              forward              |       forward and backward        |      checks
        |    eager    |      compiled       |    eager    |      compiled       |   PyTorch   NumPy
elements|formula check| fused formula check |formula check| fused formula check | forw  both   forw"""
ROW = "{:<8.0e}|{:6.2f}{:7.2f}|{:6.2f}{:7.2f}{:7.2f} |{:6.2f}{:7.2f}|{:6.2f}{:7.2f}{:7.2f} |{:5.2f}{:6.2f}{:7.2f}"


def main():
    """Print a table of times and one of memory, and the goals that were missed."""
    parser = argparse.ArgumentParser(description="Measure five losses against PyTorch's own.")
    parser.add_argument("--losses", nargs="+", default=LOSSES)
    parser.add_argument("--elements", nargs="+", type=lambda text: int(float(text)), default=ELEMENTS)
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    started, compiler, missed, memory = time.perf_counter(), has_compiler(), [], {}
    print(HEADER)
    for name in chosen.losses:
        print(name)
        for elements in chosen.elements:
            forward, both, in_numpy, held = measure(getattr(lossbook, name), elements, compiler)
            cells = [
                times[way] / times["fused"] if way in times else math.nan for times in (forward, both) for way in WAYS
            ]
            checks = [times["checked"] / times["formula"] for times in (forward, both, in_numpy)]
            print(ROW.format(elements, *cells, *checks).replace("nan", "  -"), flush=True)
            memory |= {name: held} if held else {}
            for goal, least, values in (
                (COMPILED_GOAL, COMPILED_FROM, {"compiled, forward": cells[4], "compiled, with backward": cells[9]}),
                (CHECKED_GOAL, CHECKED_AT, {"checks, forward": checks[0], "checks, with backward": checks[1]}),
            ):
                for what, value in values.items():
                    if value > goal and elements >= least:
                        missed.append(f"{name}, {elements:.0e} elements, {what}: {value:.2f}, not {goal}")
    print("\nMost memory held at one time, forward and backward, in arrays of the predictions' size, at 1e6")
    print(f"{'':34}     fused   formula   checked   and compiled: the same three")
    for name, held in memory.items():
        print(f"{name:34}" + "".join(f"{arrays:10.1f}" for arrays in held.values()))
    print("\nGoals missed:", *missed or ["none"], sep="\n  ")
    print(f"{time.perf_counter() - started:.0f} s on one thread")


if __name__ == "__main__":
    main()
