"""A program on the same computer asks for leave, gets it in a real browser, and loses it with one click."""

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.sync_api import expect

from frontend.clients_cli import EXAMPLE, EXAMPLE_BACK, add_example
from tests.browser.live import LiveShop
from tests.browser.test_pages import LUCA
from tests.browser.window import Window
from tests.software import Flow

pytestmark = pytest.mark.browser


@pytest.fixture
def came_back() -> Iterator[list[str]]:
    """The example program's own little server: the paths it was called at."""
    called = list[str]()

    class Listening(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            called.append(self.path)
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(b"<!doctype html><title>Pocket Pine</title><p>Thank you.")

        def log_message(self, format: str, *args: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", urlsplit(EXAMPLE_BACK).port or 0), Listening)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield called
    server.shutdown()
    server.server_close()


def test_leave_is_given_on_a_page_and_ended_on_another(
    windows: Callable[..., Window], live_shop: LiveShop, came_back: list[str]
) -> None:
    add_example(live_shop.house)
    window, flow = windows(), Flow(client_id=EXAMPLE, redirect_uri=EXAMPLE_BACK)
    window.sign_in(LUCA)
    window.go(f"/oauth/authorize?{flow.query()}")
    faults = window.faults("customer-consent")
    main = window.page.get_by_role("main")
    assert not main.get_by_role("checkbox", checked=True).count(), "nothing is ticked beforehand"
    main.get_by_label("See your orders, invoices, parcels and returns").check()
    main.get_by_role("button", name="Yes, it may").click()
    expect(window.page.get_by_text("Thank you.")).to_be_visible()
    told = dict(parse_qsl(urlsplit(came_back[0]).query))
    assert told["iss"] == live_shop.origin and told["state"] == flow.state and "code" in told
    window.go("/oauth/authorize?client_id=nobody", status=400)
    faults += window.faults("customer-consent-broken")
    window.go("/account/apps")
    expect(window.page.get_by_role("main")).to_contain_text("No app is connected")
    faults += window.faults("customer-apps-none")
    assert not faults, "\n".join(faults)
