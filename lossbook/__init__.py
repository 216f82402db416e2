"""Loss functions, each written like its formula, checked where it is called and proved where it is declared."""

from types import MappingProxyType

from . import (
    classification,
    embedding,
    generative,
    imbalance,
    probabilistic,
    ranking,
    regression,
    segmentation,
    sequence,
    survival,
)
from ._facts import fact
from .check import check_loss
from .chooser import choose
from .clinic import diagnose, explain_value
from .inspection import inspect_batch

_TASKS = (
    regression,
    probabilistic,
    classification,
    imbalance,
    segmentation,
    embedding,
    ranking,
    sequence,
    generative,
    survival,
)

catalogue = MappingProxyType(
    {
        name: value
        for module in _TASKS
        for name, value in vars(module).items()
        if hasattr(value, "spaces") and value.__module__ == module.__name__
    }
)
"""Every loss by its name, in the order of the tasks."""

globals().update(catalogue)

__all__ = [
    "catalogue",
    "check_loss",
    "choose",
    "diagnose",
    "explain_value",
    "fact",
    "inspect_batch",
    *catalogue,
]
