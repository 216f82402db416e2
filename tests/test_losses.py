"""What must hold of every loss in the catalogue. A loss is tested by being declared."""

import inspect
import pickle
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from examples import LOSSES, SIZES, arrays, draw, names, parameters, predictions, take, tensors, uninformed, wild
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics

import lossbook
from lossbook._facts import Absent
from lossbook._loss import REDUCTIONS

ROOT = Path(__file__).parents[1]

every_loss = pytest.mark.parametrize("loss", LOSSES, ids=list(lossbook.catalogue))
numpy_and_torch = pytest.mark.parametrize("library", ["numpy", "torch"])


def example(loss):
    """Return the arguments of the worked example, lists as arrays."""
    given = loss.facts["example"][0]
    return {name: np.array(value) if isinstance(value, list) else value for name, value in given.items()}


def call(loss, arguments, library, **options):
    return loss(**(tensors(arguments) if library == "torch" else arguments), **options)


@every_loss
@numpy_and_torch
def test_worked_example(loss, library):
    value, expected = call(loss, example(loss), library), loss.facts["example"][1]
    np.testing.assert_allclose(value, expected, rtol=1e-6)  # integers become float32 in PyTorch


@every_loss
def test_numpy_equals_torch(loss):
    @settings(max_examples=12, deadline=None, derandomize=True, database=None)
    @given(st.integers(0, 10**6), st.integers(2, 9), st.sampled_from([(), (1,), (5,), (2, 3)]))
    def same(seed, count, lead):
        arguments = draw(loss, seed, sizes={**SIZES, "n": count, "...": lead}, parameters=True)
        for options in [{}] if loss.batch else [{"reduction": how} for how in REDUCTIONS]:
            here, there = loss(**arguments, **options), loss(**tensors(arguments), **options)
            assert there.shape == np.shape(here)
            tolerance = 1e-12 if there.dtype == torch.float64 else 1e-6  # of integers alone PyTorch makes float32
            np.testing.assert_allclose(here, there.numpy(), rtol=tolerance, atol=1e-13)

    same()


def test_numpy_way_does_not_import_torch():
    code = f"""
import sys
import lossbook
from lossbook._spaces import draw
for loss in lossbook.catalogue.values():
    loss(**draw(loss, {SIZES}))
assert "torch" not in sys.modules
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


FLOATS = [
    (loss, name)
    for loss in LOSSES
    for name in parameters(loss)
    if loss.spaces[name].axes is None and not loss.spaces[name].integral
]


@pytest.mark.parametrize(("loss", "name"), FLOATS, ids=[f"{loss.__name__}-{name}" for loss, name in FLOATS])
def test_parameters_may_be_learned(loss, name):
    """A tensor without axes may stand for a number, and the gradient reaches it."""
    arguments = tensors(draw(loss, 1, parameters=True))

    def scalar(value):
        return loss(**{**arguments, name: value})

    value = torch.tensor(arguments[name], dtype=torch.float64, requires_grad=True)
    torch.testing.assert_close(scalar(value), loss(**arguments), check_dtype=False)
    assert torch.autograd.gradcheck(scalar, [value])


@every_loss
@pytest.mark.parametrize("seed", range(3))
def test_gradient(loss, seed):
    """The formula's gradient in the predictions is that of finite differences."""
    arguments = tensors(draw(loss, seed, parameters=seed > 0))
    free = predictions(loss)

    def agrees(moved):
        def scalar(*values):
            return loss(**{**arguments, **dict(zip(moved, values, strict=True))})

        starts = [arguments[name].clone().requires_grad_() for name in moved]
        return torch.autograd.gradcheck(scalar, starts, raise_exception=not stopped)

    stopped = loss.facts["detached"]
    if stopped:
        assert not agrees([stopped]), f"the gradient is meant to be stopped in {stopped}"
        free, stopped = [name for name in free if name != stopped], ""
    assert not free or agrees(free)


@every_loss
@numpy_and_torch
def test_integers_stand_for_reals(loss, library):
    whole = example(loss)
    reals = {name: value if loss.spaces[name].integral else value * 1.0 for name, value in whole.items()}
    np.testing.assert_allclose(call(loss, whole, library), call(loss, reals, library), rtol=1e-6)


@every_loss
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_dtype_is_kept(loss, dtype):
    arguments = tensors(draw(loss), dtype)
    if not any(arguments[name].is_floating_point() for name in arrays(loss)):
        pytest.skip("takes no reals")
    value = loss(**arguments)
    assert value.dtype == dtype
    np.testing.assert_allclose(float(value), loss(**draw(loss)), rtol=10 * torch.finfo(dtype).eps)


@every_loss
def test_odd_but_right_inputs(loss):
    """Not contiguous, more axes, and no axis at all."""
    arguments = draw(loss, sizes={**SIZES, "n": 12, "...": (12,)})
    views = {name: value[::2] if name in arrays(loss) else value for name, value in arguments.items()}
    copies = {name: value.copy() if name in arrays(loss) else value for name, value in views.items()}
    assert loss(**views) == loss(**copies)
    if any("..." in loss.spaces[name].axes for name in arrays(loss)):
        for lead in ((), (2, 3, 2)):
            sizes = {**SIZES, "...": lead}
            assert np.isfinite(loss(**draw(loss, sizes=sizes)))


@every_loss
def test_order_of_samples_does_not_matter(loss):
    arguments = draw(loss)
    order = np.random.default_rng(1).permutation(SIZES["n"])
    np.testing.assert_allclose(loss(**take(loss, arguments, order)), loss(**arguments), rtol=1e-12)


@every_loss
@numpy_and_torch
def test_weights(loss, library):
    """A weight of 2 is a sample that comes twice, a weight of 0 one that is not there."""
    if loss.batch:
        assert "weight" not in inspect.signature(loss).parameters
        return
    arguments = draw(loss)
    weight = np.array([2.0, 1, 1, 0, 1, 1])
    same = take(loss, arguments, np.array([0, 0, 1, 2, 4, 5]))
    weight = torch.from_numpy(weight) if library == "torch" else weight
    for how in ("sum", "mean"):
        np.testing.assert_allclose(
            call(loss, arguments, library, weight=weight, reduction=how),
            call(loss, same, library, reduction=how),
            rtol=1e-12,
        )
    each = call(loss, arguments, library, weight=weight, reduction="none")
    np.testing.assert_allclose(each, weight * call(loss, arguments, library, reduction="none"))


ELSEWHERE = [
    (loss, library)
    for loss in LOSSES
    for library in ("torch", "keras", "sklearn")
    if not isinstance(loss.facts[library], Absent)
]


@pytest.mark.parametrize(
    ("loss", "library"), ELSEWHERE, ids=[f"{loss.__name__}-{library}" for loss, library in ELSEWHERE]
)
@pytest.mark.parametrize("seed", range(5))
def test_same_value_elsewhere(loss, library, seed):
    """The call that the loss declares gives the same value, at the defaults, elsewhere, far out, and on the kinks."""
    call = loss.facts[library]
    far = seed == 3 and library != "keras"  # it adds 1e-7 here and there, and rounds to 32 bits
    arguments = wild(loss, seed, scale=10) if far else draw(loss, seed, parameters=seed > 0)
    if seed == 4:
        arguments |= {name: uninformed(loss.spaces[name], arguments[name].shape) for name in predictions(loss)}
    used = compile(call, "", "eval").co_names
    arguments |= {name: value for name, value in parameters(loss).items() if name not in used}
    known, given, tolerance = names(loss) | vars(metrics), arguments, 1e-9
    if library == "torch":
        known, given = {"F": F, "torch": torch}, tensors(arguments)
    if library == "keras":
        import keras

        known, tolerance = (
            {"losses": keras.losses, "metrics": keras.metrics, "ops": keras.ops},
            2e-6,
        )  # it rounds to 32 bits
    there = eval(call, known, given)
    there = there.detach().numpy() if hasattr(there, "detach") else there
    np.testing.assert_allclose(loss(**arguments), there, rtol=tolerance)


@every_loss
def test_is_a_plain_documented_function(loss):
    assert inspect.isfunction(loss)
    assert pickle.loads(pickle.dumps(loss)) is loss
    assert getattr(lossbook, loss.__name__) is loss
    for name in inspect.signature(loss).parameters:
        assert re.search(rf"^(\w+, )*{name}(, \w+)* : ", loss.__doc__, re.MULTILINE), f"{name} is not documented"
    for section in ("Parameters", "Returns", "Raises"):
        assert f"\n{section}\n{'-' * len(section)}\n" in loss.__doc__


@every_loss
def test_source_is_in_the_bibliography(loss):
    entries = re.findall(r"^@\w+\{([^,]+),", (ROOT / "book/references.bib").read_text(), re.MULTILINE)
    assert loss.facts["source"] in entries


@every_loss
def test_compiles_to_one_graph(loss):
    """One after the other in one process, for one size of batch and then another."""
    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    for count in (6, 9):
        arguments = tensors(draw(loss, sizes={**SIZES, "n": count, "...": (count,)}))
        options = {} if loss.batch or count == 6 else {"weight": torch.arange(float(count))}
        torch.testing.assert_close(compiled(**arguments, **options), loss(**arguments, **options))
