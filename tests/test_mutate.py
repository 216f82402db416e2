"""The tool that changes formulas tells the truth: a change is applied, and what no test notices is reported."""

import os
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

import lossbook

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tools"))

import mutate  # noqa: E402

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")

STRONG = """
import lossbook, numpy
def test_mse():
    assert lossbook.mse(numpy.array([5.0]), numpy.array([2.0])) == 9
"""
WEAK = STRONG.replace("5.0", "2.0").replace("9", "0")  # 0 whatever the exponent is
REASON = '[[mse]]\nbefore = "return (prediction - target) ** 2"\nafter = "{}"\nwhy = "{}"\n'


def run(folder, tests, *reasons):
    """Exit code and output of a run on the formula of mse."""
    (folder / "test_some.py").write_text(tests)
    (folder / "reasons.toml").write_text("".join(reasons))
    command = [sys.executable, ROOT / "tools/mutate.py", "mse", "--workers", "1"]
    command += ["--tests", folder / "test_some.py", "--reasons", folder / "reasons.toml"]
    done = subprocess.run(command, capture_output=True, text=True)
    return done.returncode, done.stdout + done.stderr


def changed(source):
    """Each changed form of a function whose code is this expression of x, y and xp."""
    scope = {"__name__": "lossbook.made_up"}
    mutate.inspect.linecache.cache["<made up>"] = (0, None, [text := f"def f(x, y, xp=None): return {source}\n"], "")
    exec(compile(text, "<made up>", "exec"), scope)
    return [mutant.after.removeprefix("return ") for mutant in mutate.mutants(scope["f"])]


@pytest.mark.parametrize(
    ("source", "expected"),
    {
        "x + y": ["x - y"],
        "1 - x": ["1 + x", "x", "2 - x"],
        "x * y": ["x / y", "x", "y"],
        "x / y": ["x * y", "x"],
        "-x": ["x"],
        "x < y": ["x <= y", "x >= y"],
        "0.5 * x": ["0.5 / x", "0.5", "x", "1.0 * x"],
        "x + 1e-12": ["x - 1e-12", "x + 0.0"],
        "xp.maximum(x, y)": ["xp.minimum(x, y)"],
        "xp.clip(x, min=y)": ["x", "xp.clip(x, max=y)"],
        "xp.sum(x, axis=-1)": ["xp.mean(x, axis=-1)", "xp.sum(x, axis=1)", "xp.sum(x, axis=-2)"],
        "xp.where(x, y, xp)": ["xp.where(x, xp, y)"],
    }.items(),
)
def test_what_is_changed(source, expected):
    assert changed(source) == expected


def test_a_change_is_in_the_code_that_runs():
    formula = lossbook.mse.formula
    before, three = formula.__code__, np.array([3.0])
    values = {}
    for mutant in mutate.mutants(formula):
        try:
            formula.__code__ = mutant.code
            values[mutant.after] = float(lossbook.mse(three, -three))
        finally:
            formula.__code__ = before
    assert values == {
        "return (prediction - target) * 2": 12,
        "return prediction - target": 6,
        "return (prediction + target) ** 2": 0,
        "return (prediction - target) ** 3": 216,
    }
    assert lossbook.mse(three, -three) == 36


def test_functions_that_formulas_call_are_found():
    known = mutate.functions(lossbook.catalogue)
    assert {*lossbook.catalogue, "logsumexp", "softplus"} <= set(known)
    assert not {"loss", "logits", "fraction"} & set(known)  # a parameter is not the global of its name


def test_no_survivor_where_the_tests_are_good(tmp_path):
    code, output = run(tmp_path, STRONG)
    assert code == 0, output
    assert "Survived" not in output


def test_survivors_are_reported_until_each_has_a_reason(tmp_path):
    code, output = run(tmp_path, WEAK)
    assert code == 1
    assert output.count("NO REASON") == 3
    assert "+ return (prediction - target) ** 3\nNO REASON" in output
    reasons = [
        REASON.format(f"return {after}", "0 is 0")
        for after in ("(prediction - target) * 2", "prediction - target", "(prediction - target) ** 3")
    ]
    code, output = run(tmp_path, WEAK, *reasons)
    assert code == 0, output
    assert output.count("0 is 0") == 3
    assert run(tmp_path, WEAK, *reasons[1:])[0] == 1


@pytest.mark.parametrize("after", ["return (prediction - target) ** 3", "return something else"])
def test_a_reason_without_a_survivor_is_refused(tmp_path, after):
    code, output = run(tmp_path, STRONG, REASON.format(after, "once true"))
    assert code == 1
    assert f"A reason without a survivor: mse\n- return (prediction - target) ** 2\n+ {after}" in output


@pytest.mark.parametrize("tests", [STRONG.replace("9", "8"), "import nothing_of_the_kind"])
def test_nothing_is_claimed_where_the_tests_fail_by_themselves(tmp_path, tests):
    code, output = run(tmp_path, tests)
    assert code != 0
    assert "killed" not in output


@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_what_becomes_of_a_child():
    mutation = mutate.Mutation([], 1, {})
    for body, result in ((lambda: 0, "survived"), (lambda: 1, "killed"), (lambda: time.sleep(60), "too slow")):
        assert mutation.wait({mutation.fork(body, 1): "mutant"}) == ("mutant", result)
    with pytest.raises(RuntimeError, match="broke"):
        mutation.wait({mutation.fork(lambda: 1 / 0, 1): "mutant"})
