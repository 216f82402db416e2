"""The built book in a real browser: a server for it, and one Chromium for all tests."""

import functools
import http.server
import os
import shutil
import threading

import pytest
from built import SITE, pages
from playwright.sync_api import sync_playwright

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--no-first-run",
    "--no-sandbox",  # a container's root has none
]


def pytest_generate_tests(metafunc):
    if "path" in metafunc.fixturenames:
        metafunc.parametrize("path", pages())


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args):
        pass


class Server(http.server.ThreadingHTTPServer):
    def handle_error(self, *args):
        """A browser that closes a page hangs up."""


@pytest.fixture(scope="session")
def site():
    """Address of the book on this machine."""
    if not pages():
        pytest.fail(f"no pages in {SITE}: build the book first (make book)", pytrace=False)
    with Server(("127.0.0.1", 0), functools.partial(Handler, directory=str(SITE))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture(scope="session")
def browser():
    program = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    if not program:
        pytest.fail("no browser: install chromium, or name one in the variable CHROMIUM", pytrace=False)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def reader(browser):
    """A function that gives the browser of a reader who chose a theme, on a system that prefers one."""

    @functools.cache
    def reader(theme, system):
        context = browser.new_context(color_scheme=system, reduced_motion="reduce")
        context.add_init_script(f"localStorage.mode = localStorage.theme = '{theme}'")
        return context

    return reader


@pytest.fixture
def open_page(reader):
    """A function that opens an address; ``page.complaints`` holds what went wrong and who was asked."""
    opened = []

    def open_page(address, theme="light", width=1280, system="light"):
        page = reader(theme, system).new_page()
        opened.append(page)
        page.complaints = []
        home = address.split("/")[:3]

        def note_request(request):
            if request.url.split("/")[:3] != home and not request.url.startswith("data:"):
                page.complaints.append(f"asked a third party: {request.url}")

        def note_message(message):
            if message.type in ("error", "warning"):
                page.complaints.append(f"console: {message.text}")

        def note_response(response):
            if response.status >= 400:
                page.complaints.append(f"{response.status}: {response.url}")

        page.on("console", note_message)
        page.on("pageerror", lambda error: page.complaints.append(f"script error: {error}"))
        page.on("request", note_request)
        page.on("requestfailed", lambda request: page.complaints.append(f"failed: {request.url}"))
        page.on("response", note_response)
        page.set_viewport_size({"width": width, "height": 900})
        page.goto(address, wait_until="load")
        return page

    yield open_page
    for page in opened:
        page.close()
