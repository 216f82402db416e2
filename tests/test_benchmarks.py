"""What the benchmark compares computes the same loss."""

import pytest

import lossbook
from benchmarks.__main__ import LOSSES, tensors, ways


@pytest.mark.parametrize("name", LOSSES)
def test_every_way_to_compute_a_loss_gives_the_same_number(name):
    loss = lossbook.catalogue[name]
    arguments = tensors(loss, 1000)[1]
    values = {way: call(**arguments).item() for way, call in ways(loss, compiler=False).items()}
    assert set(values) == {"fused", "formula", "checked"}
    assert values == pytest.approx(dict.fromkeys(values, values["fused"]), rel=1e-5)
