"""Tables that sort and filter: a script and a style, on pages that have such a table."""


def add(app, pagename, templatename, context, doctree):
    if '<table class="atlas"' in context.get("body", ""):
        app.add_css_file("atlas.css", priority=901)
        app.add_js_file("atlas.js", loading_method="defer")


def setup(app):
    app.connect("html-page-context", add)
