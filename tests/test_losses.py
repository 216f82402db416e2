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
from examples import SIZES, arrays, draw, take, tensors
from scipy.special import expit, softmax
from sklearn import metrics

import lossbook
from lossbook._loss import REDUCTIONS, Absent

ROOT = Path(__file__).parents[1]
LOSSES = list(lossbook.catalogue.values())
ARGUMENTS = [(loss, name) for loss in LOSSES for name in arrays(loss)]

every_loss = pytest.mark.parametrize("loss", LOSSES, ids=list(lossbook.catalogue))
every_argument = pytest.mark.parametrize(
    ("loss", "name"), ARGUMENTS, ids=[f"{loss.__name__}-{name}" for loss, name in ARGUMENTS]
)
numpy_and_torch = pytest.mark.parametrize("library", ["numpy", "torch"])


def call(loss, arguments, library, **options):
    return loss(**(tensors(arguments) if library == "torch" else arguments), **options)


@every_loss
@numpy_and_torch
def test_worked_example(loss, library):
    lists, expected = loss.facts["example"]
    value = call(loss, {name: np.array(value) for name, value in lists.items()}, library)
    np.testing.assert_allclose(value, expected, rtol=1e-6)  # integers become float32 in PyTorch


@every_loss
@pytest.mark.parametrize("seed", range(5))
def test_numpy_equals_torch(loss, seed):
    arguments = draw(loss, seed)
    for options in [{}] if loss.batch else [{"reduction": how} for how in REDUCTIONS]:
        here, there = loss(**arguments, **options), loss(**tensors(arguments), **options)
        assert there.shape == np.shape(here)
        tolerance = 1e-12 if there.dtype == torch.float64 else 1e-6  # of integers alone PyTorch makes float32
        np.testing.assert_allclose(here, there.numpy(), rtol=tolerance)


def test_numpy_way_does_not_import_torch():
    code = (
        "import sys; sys.path.insert(0, 'tests'); import lossbook, numpy;"
        "lossbook.mse(numpy.ones(3), numpy.zeros(3)); lossbook.cross_entropy(numpy.eye(3) * 5, numpy.arange(3));"
        "assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True, cwd=ROOT)


@every_loss
@pytest.mark.parametrize("seed", range(3))
def test_gradient(loss, seed):
    """The formula's gradient in the predictions is that of finite differences."""
    arguments = tensors(draw(loss, seed))
    names = [name for name in arrays(loss) if name != "target" and arguments[name].is_floating_point()]
    if not names:
        assert not any(arguments[name].is_floating_point() for name in arrays(loss)), "no real argument to move"
        return

    def scalar(*moved):
        return loss(**{**arguments, **dict(zip(names, moved, strict=True))})

    assert torch.autograd.gradcheck(scalar, [arguments[name].clone().requires_grad_() for name in names])


@every_argument
@numpy_and_torch
@pytest.mark.parametrize("harm", ["an axis more", "a sample less", "empty", "a list", "None", "text or complex"])
def test_refuses_wrong_kinds_and_shapes(loss, name, library, harm):
    arguments = draw(loss)
    given = arguments if library == "numpy" else tensors(arguments)
    value = given[name]
    given[name] = {
        "an axis more": lambda: value[..., None],
        "a sample less": lambda: value[:-1],
        "empty": lambda: value[:0],
        "a list": lambda: value.tolist(),
        "None": lambda: None,
        "text or complex": lambda: value.astype(str) if library == "numpy" else value + 1j,
    }[harm]()
    if harm == "a sample less" and len(arrays(loss)) == 1:
        pytest.skip("one argument alone cannot disagree")
    with pytest.raises((ValueError, TypeError)) as refused:
        loss(**given)
    message = str(refused.value)
    assert any(re.search(rf"\b{other}\b", message) for other in arrays(loss))
    assert "expected" in message
    assert "Usual cause" in message


@every_argument
@numpy_and_torch
@pytest.mark.parametrize("bad", [np.nan, np.inf, -7.5, 1e6])
def test_refuses_values_outside_the_space(loss, name, library, bad):
    space, arguments = loss.spaces[name], draw(loss)
    if space.integral:
        arguments[name] = arguments[name].astype(float)
        if space.otherwise is None:  # classes are whole numbers of an integer dtype
            with pytest.raises(TypeError, match=rf"^{name} has dtype .*expected.*Usual cause"):
                call(loss, arguments, library)
            return
        arguments[name] = space.otherwise.draw(np.random.default_rng(0), space.otherwise.shape(SIZES), SIZES)
    elif np.isfinite(bad) and space.low < bad < space.high and space.holds is None:
        call(loss, arguments | {name: np.full_like(arguments[name], bad)}, library)
        return
    arguments[name].flat[3] = bad
    with pytest.raises(ValueError, match=rf"^{name} holds .*expected.*Usual cause") as refused:
        call(loss, arguments, library)
    assert re.search(r" at \[(3|0, 3|0)\] \(1 of \d+ (values|rows)\)", str(refused.value))


@every_argument
def test_refuses_in_every_dtype(loss, name):
    """The search for the culprit copes with numbers that NumPy does not know."""
    if loss.spaces[name].integral:
        pytest.skip("takes no reals")
    arguments = tensors(draw(loss), torch.bfloat16)
    arguments[name] = torch.where(torch.arange(arguments[name].numel()).view_as(arguments[name]) == 1, torch.nan, 1.0)
    with pytest.raises(ValueError, match=rf"^{name} holds .*nan.*expected"):
        loss(**arguments | {name: arguments[name].to(torch.bfloat16)})


@every_loss
def test_libraries_do_not_mix(loss):
    if len(arrays(loss)) == 1:
        pytest.skip("one argument alone cannot mix")
    arguments = draw(loss)
    first = arrays(loss)[0]
    with pytest.raises(TypeError, match=rf"{first} is a Tensor, .*is a ndarray.*Usual cause"):
        loss(**{**arguments, first: torch.from_numpy(arguments[first])})


@every_loss
@numpy_and_torch
def test_integers_stand_for_reals(loss, library):
    whole = {name: np.array(value) for name, value in loss.facts["example"][0].items()}
    reals = {name: value if loss.spaces[name].integral else value.astype(float) for name, value in whole.items()}
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


@every_loss
@numpy_and_torch
def test_refuses_bad_weights_and_reductions(loss, library):
    if loss.batch:
        with pytest.raises(TypeError, match="reduction"):
            call(loss, draw(loss), library, reduction="sum")
        return
    wrong = {
        "weight has shape": np.ones(5),
        "weight holds -1": -np.ones(6),
        "weight holds nan": np.full(6, np.nan),
        "every sample has weight 0": np.zeros(6),
    }
    for message, weight in wrong.items():
        weight = torch.from_numpy(weight) if library == "torch" else weight
        with pytest.raises(ValueError, match=f"{message}.*expected.*Usual cause"):
            call(loss, draw(loss), library, weight=weight)
    with pytest.raises(TypeError, match="weight is a list, expected"):
        call(loss, draw(loss), library, weight=[1] * 6)
    with pytest.raises(ValueError, match="reduction='average', expected one of none, sum, mean"):
        call(loss, draw(loss), library, reduction="average")


@every_loss
@pytest.mark.parametrize("library", ["torch", "keras", "sklearn"])
@pytest.mark.parametrize("seed", range(3))
def test_same_value_elsewhere(loss, library, seed):
    """The call that the loss declares gives the same value; where there is none it says why."""
    call = loss.facts[library]
    if isinstance(call, Absent):
        assert len(call) > 20
        return
    arguments, names = draw(loss, seed), {**vars(metrics), "expit": expit, "softmax": softmax}
    tolerance = 1e-9
    if library == "torch":
        arguments, names = tensors(arguments), {"F": F}
    if library == "keras":
        import keras

        names, tolerance = {"losses": keras.losses, "metrics": keras.metrics}, 1e-6  # it computes in float32
    there = eval(call, names, arguments)
    there = there.detach().numpy() if hasattr(there, "detach") else there
    np.testing.assert_allclose(loss(**draw(loss, seed)), there, rtol=tolerance)


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
    torch._dynamo.reset()
    arguments = tensors(draw(loss))
    compiled = torch.compile(loss, fullgraph=True, backend="eager")
    torch.testing.assert_close(compiled(**arguments), loss(**arguments))
    if not loss.batch:
        weight = torch.arange(6.0)
        torch.testing.assert_close(compiled(**arguments, weight=weight), loss(**arguments, weight=weight))
