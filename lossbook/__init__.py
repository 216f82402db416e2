"""Loss functions, each written like its formula, checked where it is called and proved where it is declared."""

from types import MappingProxyType

from .classification import binary_cross_entropy, binary_cross_entropy_with_logits, cross_entropy, hinge, zero_one
from .regression import huber, mae, mse, rmse

catalogue = MappingProxyType(
    {
        loss.__name__: loss
        for loss in (
            mse,
            rmse,
            mae,
            huber,
            zero_one,
            binary_cross_entropy,
            binary_cross_entropy_with_logits,
            cross_entropy,
            hinge,
        )
    }
)
"""Every loss by its name, in the order of the tasks."""

__all__ = ["catalogue", *catalogue]
