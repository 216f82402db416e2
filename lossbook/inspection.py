"""One batch through a model and a loss, and back: what is the first thing to go wrong."""

import copy
import textwrap
import warnings

from ._report import FAILED, PASSED, WARNING, Finding, Report
from .clinic import diagnose


def inspect_batch(model, loss, batch):
    """Take one batch forward and backward, and say what is wrong with it.

    Parameters
    ----------
    model : torch.nn.Module or callable
        Called with the input. A copy is used: weights, gradients and running statistics stay as they are.
    loss : callable
        ``loss(output, target)`` returns the loss as a tensor of shape ().
    batch : pair
        Input and target.

    Returns
    -------
    Report
        What was tried, what came, and what is probably wrong, the gravest first. What the model or the loss raises
        is a finding too, with the cause that `diagnose` knows. What stands behind the first failure is not tried.
    """
    import torch

    found = []
    with torch.random.fork_rng(), torch.enable_grad(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        try:
            for name, tried, came, probably, *status in _steps(torch, model, loss, batch):
                status = (status or [FAILED])[0] if came else PASSED
                found.append(Finding(name, status, tried, came or "as expected", probably if came else ""))
                if status == FAILED:
                    break
        except Exception as error:
            found.append(_heard("error", f"{type(error).__name__}: {error}", FAILED))
    found += [_heard("warning", f"{type(w.message).__name__}: {w.message}", WARNING) for w in said]
    found.sort(key=lambda finding: (FAILED, WARNING, PASSED).index(finding.status))
    return Report("one batch", tuple(found))


def _heard(name, text, status):
    known = diagnose(text).suspects
    cause = f"{known[0].entry.cause} {known[0].entry.cure}" if known else "not known here"
    return Finding(name, status, "listen to model and loss", textwrap.shorten(text, 300), cause)


def _steps(torch, model, loss, batch):
    """Yield a name, what was tried, what came ("" where all is well), and what is probably wrong."""
    x, y = batch
    for name, value in (("input", x), ("target", y)):
        bad = torch.is_tensor(value) and value.is_floating_point() and int((~value.isfinite()).sum())
        yield name, f"look for NaN in the {name}", bad and f"{bad} of {value.numel()} are NaN or infinite", "the data"

    model, first = copy.deepcopy(model), []
    if isinstance(model, torch.nn.Module):
        model.zero_grad()
        for part, module in model.named_modules():
            module.register_forward_hook(
                lambda _, __, out, part=part: first.append(part) if _broken(torch, out) else None
            )
    output = model(x)
    tensors = torch.is_tensor(output) and torch.is_tensor(y)
    if torch.is_tensor(output):
        cause = f"the layer {first[0] or 'model'!r} is the first: its input or its weights" if first else "the model"
        yield "finite", "look for NaN in the output", _broken(torch, output) and "NaN or infinite outputs", cause
        cause = (
            "detach(), no_grad(), .item(), argmax or NumPy cut the graph inside the model, or all weights are frozen"
        )
        yield "graph", "look for the graph behind the output", not output.requires_grad and "none", cause
    if tensors:
        if _indices(output, y):
            yield from _labels(y, output.shape[1], getattr(loss, "ignore_index", -100))
        yield from _twice(torch, loss, output.detach(), y)

    value = loss(output, y)
    if tensors and y.is_floating_point() and y.shape != output.shape:
        came = f"output {tuple(output.shape)}, target {tuple(y.shape)}"
        grown = torch.broadcast_shapes(y.shape, output.shape).numel() > max(y.numel(), output.numel())
        cause = "the loss broadcast them in silence: bring both into one shape, with squeeze(-1) or [:, None]"
        yield "shapes", "compare the shapes of output and target", came, cause, FAILED if grown else WARNING
    number = torch.is_tensor(value) and value.ndim == 0
    came = f"a {type(value).__name__}" + (f" of shape {tuple(value.shape)}" if torch.is_tensor(value) else "")
    yield "scalar", "call the loss", not number and came, "a loss without a mean, or one that left PyTorch"
    each = "the output was finite: a log, root or division at 0, an overflow, or a mean over nothing"
    yield "loss", "look at the loss", _broken(torch, value) and f"the loss is {value.item()}", each
    cause = "round, argmax, >, .item() or NumPy inside the loss: soft outputs have a gradient, decisions have none"
    yield "gradient", "look for the graph behind the loss", not value.requires_grad and "none", cause
    value.backward()

    if isinstance(model, torch.nn.Module):
        wanting = {name: weight.grad for name, weight in model.named_parameters() if weight.requires_grad}
        none = [name for name, grad in wanting.items() if grad is None]
        bad = [name for name, grad in wanting.items() if grad is not None and _broken(torch, grad)]
        still = all(grad is None or not grad.any() for grad in wanting.values())
        cause = "a root or a norm at 0, or a `where` whose other branch is NaN: the loss can be finite all the same"
        yield "backward", "look for NaN in the gradients", bad and f"NaN in {', '.join(bad[:3])}", cause
        yield "learning", "look for a gradient above 0", still and "all gradients are 0", "a flat loss, or a dead layer"
        cause = "layers that the output does not use, or a detach() before them"
        yield "reach", "look for layers without a gradient", none and f"none in {', '.join(none[:3])}", cause, WARNING


def _broken(torch, value):
    return torch.is_tensor(value) and value.is_floating_point() and not bool(value.isfinite().all())


def _indices(output, y):
    """Tell whether the targets are class indices, by their shape and dtype."""
    return (
        not y.is_floating_point() and output.shape[1:2].numel() > 1 and y.shape == output.shape[:1] + output.shape[2:]
    )


def _labels(y, classes, ignored):
    kept = y[y != ignored]
    cause = f"every target is {ignored}, the value to ignore: a mean over nothing is NaN"
    yield "ignored", "count the targets that count", y.numel() and not kept.numel() and "none", cause
    low, high = (int(kept.min()), int(kept.max())) if kept.numel() else (0, 0)
    came = (low < 0 or high >= classes) and f"labels from {low} to {high}, {classes} outputs"
    cause = "classes counted from 1, a marker such as -1 or 255 for what is unlabelled, or too few outputs"
    yield "labels", "compare the labels with the number of outputs", came, cause


def _twice(torch, loss, output, y):
    """Ask whether outputs that are probabilities meet a loss that wants logits: one to which perfect ones are not 0."""
    rows = _indices(output, y)
    sums = output.sum(1) if rows else output.new_ones(1)
    if (
        not ((output >= 0) & (output <= 1)).all()
        or (sums - 1).abs().max() > 1e-3
        or (not rows and y.shape != output.shape)
    ):
        return
    sure = torch.nn.functional.one_hot(y.long(), output.shape[1]).movedim(-1, 1) if rows else y
    try:
        perfect, logits = (loss((scale * sure - shift).to(output), y) for scale, shift in ((1, 0), (40, 20)))
        wrong = bool(perfect > 0.1) and bool(logits < perfect / 2)
    except Exception:  # it takes no logits
        return
    cause = "a softmax or sigmoid in the model, and one in the loss: return the scores themselves"
    yield "twice", "compare the outputs with what the loss wants", wrong and "probabilities, where logits belong", cause
