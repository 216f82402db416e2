"""A short training loop: mini-batches, a history, early stopping, and seeds that touch nothing else."""

import copy
import math
import os
import sys
from dataclasses import dataclass, field

import numpy as np
import torch


@dataclass
class History:
    """What a training run left behind.

    Attributes
    ----------
    train, validation : list of float
        The mean loss of each epoch; that of training is gathered while the weights move.
    """

    train: list = field(default_factory=list)
    validation: list = field(default_factory=list)

    @property
    def best_epoch(self):
        """Epoch, counted from 0, with the lowest loss: of validation if there was any, else of training."""
        return int(np.argmin(self.validation or self.train))


def seeded(build, seed):
    """Return what `build` makes under this seed, and leave PyTorch's generator as it was.

    Parameters
    ----------
    build : callable
        Makes a model, for example ``lambda: torch.nn.Linear(20, 1)``.
    seed : int

    Returns
    -------
    torch.nn.Module
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return build()


def as_tensors(part, dtype=None):
    """Return features and targets of a part of a data set as tensors.

    Parameters
    ----------
    part : pair of array
        `X` of shape (n, d) and `y` of shape (n,).
    dtype : torch.dtype, optional
        That of the targets: by default PyTorch's default, for numbers and binary losses; int64 for class indices.

    Returns
    -------
    pair of torch.Tensor
        `X`, in PyTorch's default dtype, and `y`.
    """
    X, y = part
    default = torch.get_default_dtype()
    return torch.as_tensor(X, dtype=default), torch.as_tensor(y, dtype=dtype or default)


def fit(model, loss, train, validation=None, *, epochs, lr=1e-3, batch_size=None, patience=None, seed=0):
    """Train a model with Adam.

    Parameters
    ----------
    model : torch.nn.Module
        Trained in place, and left in evaluation mode.
    loss : callable
        ``loss(model(X), y)`` is a scalar tensor, the mean over the samples.
    train, validation : pair of torch.Tensor
        Inputs and targets; their first axis is that of the samples.
    epochs : int
        The most passes over the training data.
    lr : float
        Adam's learning rate.
    batch_size : int, optional
        Samples a step, drawn anew each epoch; by default all of them.
    patience : int, optional
        Stop after so many epochs without a lower validation loss, and go back to the best weights.
    seed : int
        Of the order of the samples, and of dropout and its like.

    Returns
    -------
    History

    Raises
    ------
    ValueError
        If patience is given without validation data.
    FloatingPointError
        If the loss stops being a finite number.
    """
    if patience is not None and validation is None:
        raise ValueError("validation is None, expected data to stop by. Usual cause: patience without validation.")
    X, y = train
    optimizer = torch.optim.Adam(model.parameters(), lr=lr)
    order = torch.Generator().manual_seed(seed)
    history, best, waited = History(), None, 0
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        for epoch in range(epochs):
            history.train.append(_epoch(model, loss, X, y, optimizer, batch_size or len(X), order, epoch))
            if validation is not None:
                history.validation.append(evaluate(model, loss, validation))
            _progress(epoch, epochs, history)
            if patience is None:
                continue
            if history.best_epoch == epoch:
                best, waited = copy.deepcopy(model.state_dict()), 0
            elif (waited := waited + 1) == patience:
                break
    if best is not None:
        model.load_state_dict(best)
    model.eval()
    return history


def _epoch(model, loss, X, y, optimizer, batch_size, order, epoch):
    model.train()
    total = 0.0
    shuffled = torch.randperm(len(X), generator=order)
    for inputs, targets in zip(X[shuffled].split(batch_size), y[shuffled].split(batch_size), strict=True):
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        number = value.item()
        if not math.isfinite(number):
            raise FloatingPointError(
                f"the loss is {number} in epoch {epoch}, expected a finite number. "
                "Usual cause: a learning rate too high, log(0), or missing values in the data."
            )
        value.backward()
        optimizer.step()
        total += number * len(inputs)
    return total / len(X)


def evaluate(model, loss, data):
    """Return the loss of a model on data, without training it.

    Parameters
    ----------
    model : torch.nn.Module
    loss : callable
    data : pair of torch.Tensor

    Returns
    -------
    float
    """
    model.eval()
    with torch.no_grad():
        return loss(model(data[0]), data[1]).item()


def _progress(epoch, epochs, history):
    """Show how far the run is to whoever watches: in a terminal, or in a notebook opened in Jupyter.

    A notebook that is run for its outputs has nobody who watches, so nothing of this is ever committed.
    """
    if not (sys.stderr.isatty() or "JPY_SESSION_NAME" in os.environ):
        return
    losses = [f"{name} {values[-1]:.4f}" for name, values in vars(history).items() if values]
    end = "\n" if epoch == epochs - 1 else ""
    print(f"\repoch {epoch + 1}/{epochs}: {', '.join(losses)}", end=end, file=sys.stderr, flush=True)
