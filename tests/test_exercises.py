"""The checks of the exercises say what is missing, and nothing where nothing is."""

import numpy as np
import pytest
import torch

from lossbook.exercises import check_answer


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (..., "the answer is nothing so far"),
        (None, "the answer is nothing so far"),
        ((1.0, ...), "the answer is nothing so far"),
        ("four", "the answer is 'four', numbers are asked for"),
        (1.0, "the answer is something of shape (), asked for is (2,)"),
        ([1.0, 2.5], "the answer is [1. , 2.5], which is not right"),
        (np.array([1, np.nan]), "which is not right"),
        ([5.0, 10.0], "which is 5 times the right answer"),
        ([-1.0, -2.0], "which is -1 times the right answer"),
        ([0.0, 0.0], "which is not right"),
    ],
)
def test_wrong_values(capsys, answer, finding):
    assert not check_answer(answer, np.array([1.0, 2.0]), look="step 2")
    printed = capsys.readouterr().out
    assert printed.startswith("Not yet: ")
    assert finding in printed
    assert printed.endswith(" Look at: step 2.\n")


@pytest.mark.parametrize("answer", [(1, 2), torch.tensor([1.0, 2.0], requires_grad=True), np.array([1, 2.0000001])])
def test_right_values(capsys, answer):
    assert check_answer(answer, np.array([1.0, 2.0]), look="step 2")
    assert capsys.readouterr().out == "Right.\n"


@pytest.mark.parametrize(
    ("answer", "finding"),
    [
        (..., "a function is asked for"),
        (lambda x: ..., "for 1.0 your function returns nothing so far"),
        (lambda x: x, "for -2.0 your function returns -2., which is not right"),
        (lambda x: 1 / 0, "for 1.0 your function raises ZeroDivisionError: division by zero"),
        (lambda: 1, "your function raises TypeError"),
    ],
)
def test_wrong_functions(capsys, answer, finding):
    assert not check_answer(answer, abs, on=[(1.0,), (-2.0,)], look="step 3")
    printed = capsys.readouterr().out
    assert finding.replace("1.0", "1.").replace("-2.0", "-2.") in printed


def test_a_single_number_is_not_given_away(capsys):
    assert not check_answer(5.0, 1.0, look="step 2")
    assert not check_answer([5.0, 0.0], [1.0, 0.0], look="step 2")
    assert "times" not in capsys.readouterr().out


def test_a_factor_beside_a_wrong_zero_is_no_factor(capsys):
    assert not check_answer([2.0, 4.0, 1.0], [1.0, 2.0, 0.0], look="step 2")
    assert "times" not in capsys.readouterr().out


def test_right_function(capsys):
    assert check_answer(np.abs, abs, on=[(1.0,), (-2.0,)], look="step 3")
    assert capsys.readouterr().out == "Right.\n"
