"""Figures that move: what a slider shows is drawn before, by the functions under discussion.

Nothing is computed in the page. It holds one drawing for each position of the slider, and a script of a few lines
shows one of them; without the script the first one to be seen stays.
"""

from dataclasses import dataclass, field
from html import escape

import numpy as np

from .plotting import COLORS

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 480, 320, 56, 14, 12, 50
FONT = 14  # about 10 pixels on a phone, as a figure's width is that of the page
DASHES = ("", "8 4", "10 3 2 3", "2 4", "12 3 2 3 2 3", "2 6")  # those of `plotting`


@dataclass(frozen=True)
class Frame:
    """What one position of the slider shows.

    Parameters
    ----------
    says : str
        What is to be read off, as a sentence: it is shown below the figure, and read aloud.
    curves : dict of str to pair of array
        The name in the legend, and x and y.
    lines : dict of str to float
        Vertical lines, and where they stand.
    points : dict of str to pair of array
        x and y of points.
    """

    says: str
    curves: dict = field(default_factory=dict)
    lines: dict = field(default_factory=dict)
    points: dict = field(default_factory=dict)


class Figure:
    """A figure with a slider; a notebook and the built page show it."""

    def __init__(self, html):
        self.html = html

    def _repr_html_(self):
        return self.html

    def __repr__(self):
        return "a figure with a slider; see the built page or run the cell"


def slider(frames, *, label, alt, xlabel, ylabel, xlim, ylim, start=0, drag=False):
    """Draw a figure whose slider goes through frames.

    Parameters
    ----------
    frames : dict of float to Frame
        The positions of the slider, in order, and what each shows; 60 at most, all with the same names.
    label : str
        What the slider changes.
    alt : str
        What is to be seen, for those who do not see it.
    xlabel, ylabel : str
        With the unit in parentheses.
    xlim, ylim : pair of float
        The axes, the same for all frames.
    start : int
        Which frame is seen first, and without scripts.
    drag : bool
        The slider's value is a place on the x axis: it can be dragged in the figure too.

    Returns
    -------
    Figure

    Raises
    ------
    ValueError
        No frames, more than 60, or frames that show different things.
    """
    if not 1 <= len(frames) <= 60:
        raise ValueError(f"frames holds {len(frames)}, expected 1 to 60: each is a drawing in the page.")
    names = {(*f.curves, "|", *f.lines, "|", *f.points) for f in frames.values()}
    if len(names) > 1:
        raise ValueError(f"frames show different things, {names}: a legend holds for all of them.")
    place = _Place(xlim, ylim)
    hidden = [' hidden=""' * (i != start) for i in range(len(frames))]
    drawn = [f'<g class="frame"{h}>{_draw(f, place)}</g>' for h, f in zip(hidden, frames.values(), strict=True)]
    values = " ".join(f"{value:g}" for value in frames)
    says = "".join(f"<li>{escape(frame.says)}</li>" for frame in frames.values())
    places = " ".join(f"{place.x(value):g}" for value in frames)
    first, drag = list(frames.values())[start], f' data-drag="{places}"' * drag
    return Figure(
        f'<div class="slider" data-values="{values}" data-start="{start}" data-label="{escape(label)}"{drag}>'
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" aria-label="{escape(alt)}" fill="none" stroke-width="2">'
        f"{place.axes(xlabel, ylabel)}{''.join(drawn)}</svg>"
        f'<p class="slider-legend">{_legend(first)}</p><ul hidden="">{says}</ul>'
        f'<p class="slider-says">{escape(first.says)}</p></div>'
    )


class _Place:
    """Where numbers stand in the drawing."""

    def __init__(self, xlim, ylim):
        self.xlim, self.ylim = xlim, ylim

    def x(self, value):
        low, high = self.xlim
        return np.round(LEFT + (WIDTH - LEFT - RIGHT) * (np.asarray(value, float) - low) / (high - low), 1)

    def y(self, value):
        low, high = self.ylim
        return np.round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * (np.asarray(value, float) - low) / (high - low), 1)

    def path(self, x, y):
        """Write a curve, left out where it leaves the axes or is not finite."""
        x, y = np.asarray(x, float), np.asarray(y, float)
        seen = (x >= self.xlim[0]) & (x <= self.xlim[1]) & (y >= self.ylim[0]) & (y <= self.ylim[1])
        moves = np.where(seen & ~np.r_[False, seen[:-1]], "M", "L")
        steps = zip(moves[seen], self.x(x[seen]), self.y(y[seen]), strict=True)
        return "".join(f"{move}{a:g} {b:g}" for move, a, b in steps)

    def axes(self, xlabel, ylabel):
        low, high, left, right = self.y(self.ylim[0]), self.y(self.ylim[1]), self.x(self.xlim[0]), self.x(self.xlim[1])
        texts = []
        for value in _ticks(*self.xlim):
            texts.append((self.x(value), low + FONT + 4, "middle", value))
        for value in _ticks(*self.ylim):
            texts.append((left - 6, self.y(value) + 5, "end", value))
        words = "".join(f'<text x="{a:g}" y="{b:g}" text-anchor="{c}">{_minus(d)}</text>' for a, b, c, d in texts)
        words += f'<text x="{(left + right) / 2:g}" y="{HEIGHT - 6}" text-anchor="middle">{escape(xlabel)}</text>'
        middle = (low + high) / 2
        turned = f'text-anchor="middle" transform="rotate(-90 {FONT} {middle:g})"'
        words += f'<text x="{FONT}" y="{middle:g}" {turned}>{escape(ylabel)}</text>'
        return (
            f'<path d="M{left:g} {high:g}V{low:g}H{right:g}" stroke="currentColor" stroke-width="0.8"/>'
            f'<g fill="currentColor" stroke="none" font-size="{FONT}">{words}</g>'
        )


def _ticks(low, high):
    """Return about five round numbers."""
    step = 10 ** np.floor(np.log10((high - low) / 4))
    step *= next(k for k in (1, 2, 2.5, 5, 10) if (high - low) / (k * step) <= 6)
    return np.arange(np.ceil(low / step - 1e-9), np.floor(high / step + 1e-9) + 1) * step


def _minus(value):
    return f"{round(value, 9) + 0.0:g}".replace("-", "−")


def _draw(frame, place):
    parts = []
    style = iter(range(len(COLORS)))
    for x, y in frame.curves.values():
        parts.append(f'<path d="{place.path(x, y)}" {_stroke(next(style))}/>')
    for at in frame.lines.values():
        k = next(style)
        parts.append(f'<path d="{place.path([at, at], place.ylim)}" {_stroke(k)}/>')
    for x, y in frame.points.values():
        fill = COLORS[next(style)]
        for a, b in zip(np.atleast_1d(place.x(x)), np.atleast_1d(place.y(y)), strict=True):
            parts.append(f'<circle cx="{a:g}" cy="{b:g}" r="5" fill="{fill}" stroke="none"/>')
    return "".join(parts)


def _stroke(k):
    return f'stroke="{COLORS[k]}"' + f' stroke-dasharray="{DASHES[k]}"' * bool(DASHES[k])


def _legend(frame):
    """Return a sample of each line beside its name."""
    parts, names = [], [*frame.curves, *frame.lines, *frame.points]
    for k, name in enumerate(names):
        line = f'<path d="M1 6H27" {_stroke(k)}/>'
        sample = f'<circle cx="14" cy="6" r="5" fill="{COLORS[k]}"/>' if name in frame.points else line
        svg = f'<svg width="28" height="12" aria-hidden="true" fill="none" stroke-width="2">{sample}</svg>'
        parts.append(f"<span>{svg} {escape(name)}</span>")
    return "".join(parts)
