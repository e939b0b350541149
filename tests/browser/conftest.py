"""The live shop, Debian's Chromium, and windows that complain about what a person would only wonder at."""

import os
import shutil
from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.browser.live import LiveShop, open_shop
from tests.browser.window import DESKTOP, Window
from tests.building import migrated_sqlite

NAMES = ("chromium", "chromium-browser", "google-chrome")
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest.fixture(scope="package")
def live_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveShop]:
    folder = tmp_path_factory.mktemp("live")
    with open_shop(folder, database_url=migrated_sqlite(folder / "template.db", folder)) as shop:
        yield shop


@pytest.fixture(scope="package")
def chromium() -> Iterator[Browser]:
    """The browser that is installed here. Where there is none the tests are not run, and in CI that is a failure."""
    path = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        told = "no chromium here (apt-get install chromium, or set CHROMIUM): the shop was not looked at in a browser"
        (pytest.fail if os.environ.get("COUNTERSIGN_CI") == "1" else pytest.skip)(told)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=[*ARGUMENTS])
        yield browser
        browser.close()


@pytest.fixture
def windows(live_shop: LiveShop, chromium: Browser) -> Iterator[Callable[..., Window]]:
    """Opens windows, each on its own network; afterwards there must be nothing that a browser complained about."""
    opened = list[Window]()

    def open_window(shape: Mapping[str, Any] = DESKTOP, *, scripts: bool = True) -> Window:
        network = next(_NETWORKS)
        window = Window.open(live_shop, chromium, network=network, shape=shape, scripts=scripts)
        opened.append(window)
        return window

    yield open_window
    for window in opened:
        window.page.context.close()
    problems = [problem for window in opened for problem in window.problems]
    assert not problems, "\n".join(problems)


def _networks() -> Iterator[str]:
    return (f"198.51.{n // 250}.{n % 250 + 1}" for n in count())


_NETWORKS = _networks()
