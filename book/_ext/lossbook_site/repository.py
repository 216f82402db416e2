"""Buttons that lead to the repository, its issues and Binder.

The address comes from the environment variable LOSSBOOK_REPOSITORY, else from git's remote ``origin``; the
branch from LOSSBOOK_BRANCH, else it is ``main``. Without an address there are no buttons.
"""

import os
import re
import subprocess
from urllib.parse import quote

# name, what stands before /blob and /issues in a path, and Binder's short name
HOSTS = {"github.com": ("github", "", "gh"), "gitlab.com": ("gitlab", "/-", "gl")}
ISSUE_TITLE = {"github": "title", "gitlab": "issue[title]"}


def normalise(address):
    """``https://host/owner/name`` for any way of writing a remote; "" for what no browser could open.

    >>> normalise("git@github.com:owner/name.git")
    'https://github.com/owner/name'
    """
    found = re.fullmatch(
        r"(?:(?P<scheme>https?|ssh|git)://)?"
        r"(?:[^@/]+@)?"  # user, password or token
        r"(?P<host>[\w-]+(?:\.[\w-]+)+)(?P<port>:\d+)?"
        r"[:/](?P<path>[\w.~-]+(?:/[\w.~-]+)+)",
        address.strip().removesuffix("/").removesuffix(".git"),
    )
    if not found:
        return ""
    web = found["scheme"] in ("http", "https")
    scheme, port = (found["scheme"], found["port"] or "") if web else ("https", "")
    return f"{scheme}://{found['host'].lower()}{port}/{found['path']}"


def find(folder):
    """The repository's address, or "" where nobody has said it."""
    if "LOSSBOOK_REPOSITORY" in os.environ:
        return normalise(os.environ["LOSSBOOK_REPOSITORY"])
    command = ["git", "-C", str(folder), "remote", "get-url", "origin"]
    try:
        return normalise(subprocess.run(command, capture_output=True, text=True, timeout=10).stdout)
    except (OSError, subprocess.TimeoutExpired):
        return ""


def links(address, branch, page):
    """(text, address, icon) of each button of ``page``, a file's path in the repository."""
    host, path = address.split("//")[1].split("/", 1)
    if host not in HOSTS:
        return [("Repository", address, "fas fa-code-branch")]
    name, tree, project = HOSTS[host]
    title = quote(f"On {page}: ", safe="")
    found = [
        ("Repository", address, f"fab fa-{name}"),
        ("Source of this page", f"{address}{tree}/blob/{quote(branch)}/{page}", "fas fa-code"),
        ("Report a mistake", f"{address}{tree}/issues/new?{ISSUE_TITLE[name]}={title}", "fas fa-lightbulb"),
    ]
    if page.endswith(".ipynb"):
        path = path if name == "github" else quote(path, safe="")
        binder = f"https://mybinder.org/v2/{project}/{path}/{quote(branch, safe='')}?urlpath=lab/tree/{page}"
        found.append(("Run on Binder", binder, "fas fa-rocket"))
    return found


def configure(app, config):
    config.lossbook_repository = find(app.srcdir)
    config.lossbook_branch = os.environ.get("LOSSBOOK_BRANCH") or "main"


def add_buttons(app, pagename, templatename, context, doctree):
    address = app.config.lossbook_repository
    if not address or not doctree:
        return
    page = app.env.doc2path(pagename, base=False)
    buttons = [
        {"type": "link", "text": text, "url": url, "icon": icon}
        for text, url, icon in links(address, app.config.lossbook_branch, page)
    ]
    group = {"type": "group", "icon": "fas fa-code-branch", "label": "repository-buttons"}
    context["header_buttons"].append(group | {"tooltip": "Repository of this book", "buttons": buttons})


def setup(app):
    # As configuration, so that a change writes every page anew.
    app.add_config_value("lossbook_repository", "", "html")
    app.add_config_value("lossbook_branch", "main", "html")
    app.connect("config-inited", configure)
    app.connect("html-page-context", add_buttons, priority=502)  # after the theme's own buttons
