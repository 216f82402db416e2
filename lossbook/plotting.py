"""One style for all figures: told apart without colour, for colour-blind readers, right on light and dark pages.

Importing this module sets matplotlib's defaults. Figures are SVG with a transparent ground; the book's build gives
them a second set of text colours for dark pages. Nothing here computes: functions get what they draw.
"""

import sys

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
from cycler import cycler
from matplotlib.ticker import PercentFormatter

# Okabe and Ito's colours, without yellow, which is too light for lines on white.
COLORS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
DASHES = ("-", "--", "-.", ":", (0, (5, 1, 1, 1, 1, 1)), (0, (1, 2)))
MARKERS = ("o", "s", "^", "D", "v", "P")

STYLE = {
    "axes.axisbelow": True,
    "axes.facecolor": "none",
    "axes.grid": True,
    "axes.prop_cycle": cycler(color=COLORS) + cycler(linestyle=DASHES),
    "axes.spines.right": False,
    "axes.spines.top": False,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "none",
    "figure.figsize": (4.8, 3.1),
    "font.size": 11,
    "grid.color": "#cccccc",
    "grid.linewidth": 0.6,
    "legend.frameon": False,
    "lines.linewidth": 2,
    "path.simplify": False,
    "savefig.facecolor": "none",
    "svg.hashsalt": "lossbook",
}
mpl.rcParams.update(STYLE)
if "IPython" in sys.modules and sys.modules["IPython"].get_ipython() is not None:
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    set_matplotlib_formats("svg", metadata={"Date": None})


def _axes(ax, **labels):
    ax = plt.subplots()[1] if ax is None else ax
    ax.set(**labels)
    return ax


def lines(x, curves, *, xlabel, ylabel, marks=False, ax=None, **options):
    """Draw curves over a common axis; several runs of one curve as their mean in a band from least to most.

    Parameters
    ----------
    x : array, shape (n,)
    curves : dict of str to array, shape (n,) or (runs, n)
        What the legend says, and the values.
    xlabel, ylabel : str
        With the unit in parentheses.
    marks : bool
        Mark the points, where there are few.
    ax : matplotlib.axes.Axes, optional
    **options
        Of ``Axes.set``, such as ``ylim=(0, 1)`` or ``yscale="log"``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, xlabel=xlabel, ylabel=ylabel)
    for index, (name, values) in enumerate(curves.items()):
        values = np.atleast_2d(np.asarray(values))
        marker = MARKERS[index % len(MARKERS)] if marks else None
        (line,) = ax.plot(x, values.mean(axis=0), label=name, marker=marker)
        if len(values) > 1:
            ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=line.get_color(), alpha=0.2, lw=0)
    if len(curves) > 1:
        ax.legend()
    ax.set(**options)
    return ax


def points(X, y, *, xlabel, ylabel, names=None, ax=None, **options):
    """Draw samples in the plane, each class with a colour and a marker of its own.

    Parameters
    ----------
    X : array, shape (n, 2)
    y : array of integers, shape (n,)
    xlabel, ylabel : str
    names : list of str, optional
        Of the classes, in the order of their labels.
    ax : matplotlib.axes.Axes, optional
    **options
        Of ``Axes.set``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, xlabel=xlabel, ylabel=ylabel)
    for index, label in enumerate(np.unique(y)):
        ax.scatter(
            *X[y == label].T,
            color=COLORS[index],
            marker=MARKERS[index],
            label=f"class {label}" if names is None else names[index],
            s=14,
            alpha=0.8,
            linewidths=0,
            rasterized=len(X) > 300,
        )
    ax.legend(markerscale=1.6)
    ax.set(**options)
    return ax


def regions(score, X, y, *, xlabel, ylabel, threshold=0.0, ax=None, **options):
    """Draw which class a score decides on at each point of the plane, with the boundary and the samples.

    Parameters
    ----------
    score : callable
        ``score(points)`` returns an array of shape (m,) for points of shape (m, 2); above `threshold` is class 1.
    X : array, shape (n, 2)
    y : array of 0 and 1, shape (n,)
    xlabel, ylabel : str
    threshold : float
    ax : matplotlib.axes.Axes, optional
    **options
        Of ``Axes.set``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = points(X, y, xlabel=xlabel, ylabel=ylabel, ax=ax, **options)
    (left, right), (bottom, top) = ax.get_xlim(), ax.get_ylim()
    x, y = np.meshgrid(np.linspace(left, right, 200), np.linspace(bottom, top, 200))
    above = score(np.column_stack([x.ravel(), y.ravel()])).reshape(x.shape) - threshold
    ax.contourf(x, y, above, [-np.inf, 0, np.inf], colors=COLORS[:2], alpha=0.18, zorder=0).set_rasterized(True)
    ax.contour(x, y, above, [0], colors="#888888", linewidths=2, zorder=3).set_rasterized(True)
    return ax


def reliability(bins, *, ax=None, **options):
    """Draw how often what was given a probability happened; on the diagonal the probabilities mean what they say.

    Parameters
    ----------
    bins : dict of str to pair of array, shape (bins,)
        What the legend says; mean probability and observed share of each bin. (scikit-learn's
        ``calibration_curve`` returns them in the other order.)
    ax : matplotlib.axes.Axes, optional
    **options
        Of ``Axes.set``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, xlabel="predicted probability", ylabel="observed share", aspect="equal")
    ax.plot([0, 1], [0, 1], color="#888888", linestyle=":", label="as predicted")
    for index, (name, (predicted, observed)) in enumerate(bins.items()):
        ax.plot(predicted, observed, color=COLORS[index], linestyle=DASHES[index], marker=MARKERS[index], label=name)
    for axis in (ax.xaxis, ax.yaxis):
        axis.set_major_formatter(PercentFormatter(1))
    ax.legend()
    ax.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), **options)
    return ax


def grid(values, *, rows, columns, xlabel, ylabel, highlight=(), ax=None, **options):
    """Draw a small table of numbers as a heat map with the numbers written in.

    Parameters
    ----------
    values : array, shape (r, c)
    rows, columns : list of str
        Labels of the rows and columns.
    xlabel, ylabel : str
    highlight : sequence of pair of int
        Cells to frame.
    ax : matplotlib.axes.Axes, optional
    **options
        Of ``Axes.set``.

    Returns
    -------
    matplotlib.axes.Axes
    """
    ax = _axes(ax, xlabel=xlabel, ylabel=ylabel)
    bound = np.abs(values).max()
    for (row, column), value in np.ndenumerate(values):
        # Translucent over the page's own ground, so that the numbers keep their contrast in both themes.
        shade = mpl.colors.to_rgba(COLORS[1] if value > 0 else COLORS[0], 0.5 * abs(value) / bound)
        frame = {"edgecolor": "black", "lw": 2.5} if (row, column) in highlight else {}
        ax.add_patch(plt.Rectangle((column + 0.04, row + 0.04), 0.92, 0.92, facecolor=shade, **frame))
        ax.text(column + 0.5, row + 0.5, f"{value:g}", ha="center", va="center")
    ax.set(xlim=(0, len(columns)), ylim=(len(rows), 0))
    ax.set(aspect="equal", xticks=np.arange(len(columns)) + 0.5, yticks=np.arange(len(rows)) + 0.5)
    ax.set(xticklabels=columns, yticklabels=rows, **options)
    ax.grid(False)
    ax.tick_params(length=0)
    ax.spines[:].set_visible(False)
    return ax
