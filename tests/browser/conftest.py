"""A browser, and a page that may reach nothing but the JupyterLab that serves it."""

import socket

import pytest

from .lab import chromium, keep_inside


@pytest.fixture(scope="session")
def browser():
    with chromium() as browser:
        yield browser


@pytest.fixture(scope="session")
def free_port():
    def find() -> int:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            return free.getsockname()[1]

    return find


@pytest.fixture
def page(browser, address):
    """A page; what it asked for elsewhere is kept in ``page.foreign``."""
    context = browser.new_context(viewport={"width": 1100, "height": 1400})
    page = context.new_page()
    own = address.split("/lab/")[0]
    page.foreign = keep_inside(page, own, "data:", "blob:")
    yield page
    context.close()
