"""Whole pages: style, description, the root page; none out of date, and none that left the table of contents."""

import html
from pathlib import Path

from docutils import nodes

ROOT = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>{title}</title>
<link rel="icon" href="_static/logo.svg">
<meta http-equiv="refresh" content="0; url={first}">
<main><h1>{title}</h1><p>The book begins at <a href="{first}">its first page</a>.</p></main>
</html>
"""
SHORTEST_DESCRIPTION, LONGEST_DESCRIPTION = 40, 160


def summary(doctree):
    """The beginning of the first paragraph or list of a page that says something."""
    for block in doctree.findall(lambda node: isinstance(node, nodes.paragraph | nodes.bullet_list)):
        text = " ".join(block.astext().split())
        formulas = any(block.findall(nodes.math))
        if len(text) >= SHORTEST_DESCRIPTION and not formulas and isinstance(block.parent, nodes.section):
            text = text[0].upper() + text[1:]
            if len(text) <= LONGEST_DESCRIPTION:
                return text
            return text[: LONGEST_DESCRIPTION - 1].rsplit(" ", 1)[0] + "…"
    return ""


def describe(app, pagename, templatename, context, doctree):
    tags = context.get("metatags", "")
    if 'name="description"' in tags:  # the page says it itself
        return
    title = html.unescape(context.get("title") or "")
    text = (doctree and summary(doctree)) or f"{title} – {app.config.html_title}"
    context["metatags"] = f'{tags}\n<meta name="description" content="{html.escape(text)}">'


def remove_left_over(app):
    """Pages of an earlier build that the table of contents no longer names."""
    out, docnames = Path(app.outdir), app.env.found_docs
    kept = {out / "index.html", out / "search.html"}
    kept |= {Path(app.builder.get_outfilename(docname)) for docname in docnames}
    kept |= {out / "_sources" / app.env.doc2path(docname, base=False) for docname in docnames}
    for path in [*out.rglob("*.html"), *(out / "_sources").rglob("*.*")]:
        if path.is_file() and path not in kept and "_static" not in path.parts:
            path.unlink()


def rewrite_all(app, env):
    """All pages, when what they share has changed: titles and order (navigation), or works cited (bibliography).

    Sphinx alone would write anew only the pages that were edited.
    """
    titles = sorted((name, title.astext()) for name, title in env.titles.items())
    cited = sorted({target.key for reference in env.get_domain("cite").citation_refs for target in reference.targets})
    shared = repr((titles, sorted(env.toctree_includes.items()), cited))
    before, env.lossbook_shared = getattr(env, "lossbook_shared", None), shared
    return env.found_docs if shared != before else []


def finish(app, exception):
    if exception or app.builder.name != "html":
        return
    remove_left_over(app)
    title, first = html.escape(app.config.html_title), app.builder.get_target_uri(app.config.root_doc)
    (Path(app.outdir) / "index.html").write_text(ROOT.format(title=title, first=first), "utf-8")


def setup(app):
    app.add_css_file("book.css", priority=900)
    app.add_js_file("book.js", loading_method="defer")
    app.connect("env-updated", rewrite_all)
    app.connect("html-page-context", describe, priority=510)
    app.connect("build-finished", finish)
