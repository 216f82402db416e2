"""matplotlib's SVG figures on a dark page.

A notebook holds an ordinary figure, black on white. Here it gets a style of its own for the dark theme:
an SVG in an ``<img>`` sees the colour scheme of the page that shows it, the theme's toggle included.
"""

import re
from pathlib import Path

DARKEST, LIGHTEST = 0x12, 0xE0  # the page's background in the dark theme, and text on it
GREY = re.compile(r"(fill|stroke): (#([0-9a-f]{2})\3\3)\b")


def dark_grey(level):
    """The grey that stands out from a dark page as ``level`` (0–255) does from a white one."""
    return round(LIGHTEST - (LIGHTEST - DARKEST) * level / 255)


def dark_style(svg):
    """A style that turns every grey of a figure around; colours stay.

    matplotlib writes no fill where it is black: those inherit the root's.
    """
    rules = [f"svg{{fill:#{LIGHTEST:02x}{LIGHTEST:02x}{LIGHTEST:02x}}}"]
    for what, colour, level in sorted(set(GREY.findall(svg))):
        grey = f"{dark_grey(int(level, 16)):02x}" * 3
        rules.append(f'[style*="{what}: {colour}"]{{{what}:#{grey}!important}}')
    rules.append("#patch_1 path{fill:none!important}")  # the figure's background: the page's, whatever it is
    return f'<style id="dark">@media (prefers-color-scheme:dark){{{"".join(rules)}}}</style>'


def with_dark_style(svg):
    if "matplotlib" not in svg or '<style id="dark">' in svg:
        return svg
    return svg.replace("</defs>", "</defs>" + dark_style(svg), 1)


def finish(app, exception):
    if exception or app.builder.format != "html":
        return
    for path in (Path(app.outdir) / "_images").glob("*.svg"):
        svg = path.read_text("utf-8")
        if (dark := with_dark_style(svg)) != svg:
            path.write_text(dark, "utf-8")


def setup(app):
    app.connect("build-finished", finish)
