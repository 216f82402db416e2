"""The pieces of the atlas: what a loss declares, in words, in code and as a drawing."""

import inspect
import re
import textwrap
import warnings
from html import escape

import numpy as np

from ._facts import Absent, fact

SIZES = dict.fromkeys("cdmnt", 10)  # of the axes, where a fact depends on them: ten classes, ten samples
LIBRARIES = dict(torch="PyTorch", keras="Keras", sklearn="scikit-learn")
IMPORTS = {
    r"\btorch\.": "import torch",
    r"\bF\.": "import torch.nn.functional as F",
    **{rf"\b{name}\.": f"from keras import {name}" for name in ("losses", "metrics", "ops")},
    r"\bexpit\(": "from scipy.special import expit",
    r"(?<!\.)\bsoftmax\(": "from sklearn.utils.extmath import softmax",
    r"^(\w+_(?:loss|error|deviance))\(": r"from sklearn.metrics import \1",
}


def show(value):
    """Write a number with three digits, anything else as a word."""
    if isinstance(value, (bool, str)):
        return {True: "yes", False: "no"}.get(value, value)
    return ("−" if value < 0 else "") + ("∞" if np.isinf(value) else f"{abs(value):.3g}")


def tell(loss, name, brief=False):
    """Say in HTML what is known of a fact: its expression and its value, or why there is none."""
    declared = loss.facts[name]
    known = declared if name == "link" else fact(loss, name, **SIZES)
    if isinstance(known, Absent):
        return f'<span class="absent">{escape(re.split("[:;,]", known)[0] if brief else known)}</span>'
    if name == "elicits" or not isinstance(declared, str):
        return escape(show(known))
    if name == "link":
        return f"<code>{escape(known)}</code>" + ", not the true ones" * (fact(loss, "proper", **SIZES) is not True)
    if known == declared:
        return f"in <code>{known}</code> only"
    if brief and len(declared) > 30:
        return show(known)
    return f"<code>{escape(declared)}</code>{':' if isinstance(known, bool) else ' ='} {show(known)}"


def estimates(loss, brief=False):
    """Say what the best prediction tells: a named functional, the probabilities, the class, or why nothing."""
    if isinstance(loss.facts["elicits"], Absent):
        for name, words in (("proper", "P(class)"), ("calibrated", "most probable class")):
            if fact(loss, name, **SIZES) is True:
                return words
    return tell(loss, "elicits", brief)


def arguments(given):
    """Write arguments in HTML, with three digits."""
    show = {"all": lambda x: f"{x:.3g}"}
    parts = [np.array2string(np.asarray(value), formatter=show, separator=", ") for value in given.values()]
    return ", ".join(f"<code>{name} = {' '.join(part.split())}</code>" for name, part in zip(given, parts, strict=True))


def calls(loss):
    """Write the calls of a loss here and, where there are any, in the libraries, with their imports."""
    signature = inspect.signature(loss.formula).parameters.values()
    given = ", ".join(p.name if p.default is p.empty else f"{p.name}={p.default}" for p in signature)
    code = {"LossBook": f"from lossbook import {loss.__name__}\n\n{wrapped(f'{loss.__name__}({given})')}"}
    for name, library in LIBRARIES.items():
        if not isinstance(call := loss.facts[name], Absent):
            code[library] = imported(call)
    return code


def imported(call):
    """Write the imports that a call needs before it."""
    lines = [found.expand(line) for pattern, line in IMPORTS.items() if (found := re.search(pattern, call))]
    return "\n".join([*lines, "", wrapped(call)])


def wrapped(code):
    """Break a long expression; in brackets Python reads on."""
    parts = textwrap.wrap(code, 68, break_long_words=False, break_on_hyphens=False)
    return code if len(parts) == 1 else "\n    ".join(["(", *parts]) + "\n)"


def markdown(text):
    """Turn a docstring into Markdown."""
    text = re.sub(r"\.\. math::(.*(?:\n[ ]+.*)*)", lambda math: f"$$\n{' '.join(math[1].split())}\n$$", text)
    text = re.sub(r":math:`([^`]+)`", r"$\1$", text).replace("``", "`")
    text = re.sub(r":func:`(\w+)`", r'<a href="#loss-\1">\1</a>', text)
    return re.sub(r"^(\w[\w, ]*) : (.*)\n((?:[ ]+.*\n?)+)", r"- `\1`, \2:\n\3", text, flags=re.M)


def sweep(loss):
    """Move one number of the worked example's first prediction: its name, where it was, its path, what stays."""
    given = {k: np.array(v) if isinstance(v, list) else v for k, v in loss.facts["example"][0].items()}
    target, name = given.get("target"), next(iter(given))
    if not loss.batch:  # the first sample whose target is 1, else the first
        one = int(np.argmax(target == 1)) if np.ndim(target) == 1 else 0
        given = {k: v[one : one + 1] if isinstance(v, np.ndarray) else v for k, v in given.items()}
    space, start = loss.spaces[name], given[name]
    place = [0] * start.ndim
    if space.axes == "... c" and np.ndim(target) == 1:
        place[-1] = int(given["target"][0])

    def at(x):
        moved = start.astype(int if space.integral else float)
        if space.high == 1 and space.holds is not None:  # the other classes share what is left
            moved[:] = (1 - x) / (start.shape[-1] - 1)
        moved[tuple(place)] = x
        try:
            return float(loss(**given | {name: moved}))
        except ValueError:  # outside the space
            return np.nan

    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        coarse = np.array([(k, y) for k in range(-8, 9) if not np.isnan(y := at(k))])
        best = coarse[coarse[:, 1] == coarse[:, 1].min(), 0].mean()
        centre = round(best) if coarse[[0, -1], 1].min() > coarse[:, 1].min() else 0
        x = np.linspace(0.02, 0.98, 81) if space.high == 1 else centre + np.linspace(-4, 4, 81)
        x = np.arange(3) if space.integral else x[x > 0.15] if (space.low, space.ends[0]) == (0, "(") else x
        curves = {"loss": [at(a) for a in x]}
        if not space.integral:
            curves["slope"] = [(at(a + 1e-5) - at(a - 1e-5)) / 2e-5 for a in x]
    kept = np.isfinite(list(curves.values())).all(axis=0)
    path = {name: np.round(x, 4)[kept], **{k: np.round(y, 4)[kept] + 0.0 for k, y in curves.items()}}
    where = place if loss.batch else place[1:]
    held = {k: v if loss.batch or np.ndim(v) == 0 else v[0] for k, v in given.items() if k != name}
    return f"{name}{where or ''}", start[tuple(place)], path, held


def panel(kind, where, dot, x, y):
    """Draw one curve as SVG in the colour of the text, and say in words what is to be seen."""
    low, high = y.min(), max(y.max(), y.min() + 1e-3)
    seen = sorted({0, int(y.argmin()), int(y.argmax()), len(x) - 1})
    label = f"{kind} over {where}: {', '.join(f'{show(y[i])} at {show(x[i])}' for i in seen)}"
    across, down = 44 + 150 * (x - x[0]) / np.ptp(x) + 1e-6, 16 + 80 * (high - y) / (high - low) + 1e-6
    points = list(zip(across, down, strict=True))
    dash = ' stroke-dasharray="5 3"' if kind == "slope" else ""
    marks = f'<polyline points="{" ".join(f"{a:.1f},{b:.1f}" for a, b in points)}" class="{kind}"{dash}/>'
    dots = points if len(x) < 9 else [[np.interp(dot, x, p) for p in (across, down)]] * bool(x[0] <= dot <= x[-1])
    marks = "" if len(x) < 9 else marks
    marks += "".join(f'<circle cx="{a:.1f}" cy="{b:.1f}" r="3.5" fill="currentColor"/>' for a, b in dots)
    zero = f"M44 {16 + 80 * high / (high - low):.1f}H194" if low < 0 < high else ""
    words = [(40, 20, "end", show(high)), (40, 100, "end", show(low)), (119, 10, "middle", kind)]
    words += [(44, 110, "start", show(x[0])), (194, 110, "end", show(x[-1])), (119, 110, "middle", where)]
    text = "".join(f'<text x="{a}" y="{b}" text-anchor="{anchor}">{word}</text>' for a, b, anchor, word in words)
    return (
        f'<svg viewBox="0 0 204 116" width="306" role="img" aria-label="{label}" fill="none" stroke="currentColor" '
        f'stroke-width="2">{marks}<path d="M44 16V96H194{zero}" stroke-width="0.7"/>'
        f'<g fill="currentColor" stroke="none" font-size="10">{text}</g></svg>'
    )
