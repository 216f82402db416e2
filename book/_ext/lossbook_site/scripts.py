"""A script and a style for what a reader can work with, on the pages that have it."""

PARTS = {'<table class="atlas"': "atlas", '<div class="clinic"': "clinic", '<div class="slider"': "slider"}


def add(app, pagename, templatename, context, doctree):
    for mark, name in PARTS.items():
        if mark in context.get("body", ""):
            app.add_css_file(f"{name}.css", priority=901)
            app.add_js_file(f"{name}.js", loading_method="defer")


def setup(app):
    app.connect("html-page-context", add)
