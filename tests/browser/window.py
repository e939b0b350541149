"""A browser window in the live shop: what a person does there, and what the browser complains about meanwhile.

Every window collects console errors, uncaught exceptions, answers that failed and violations of the content security
policy, in every page it opens; the ``windows`` fixture fails the test for any that the test has not expected.
"""

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, Response, expect

from shop.demo import DEMO_PASSWORD
from tests.browser.live import LiveShop

DESKTOP: Mapping[str, Any] = {"viewport": {"width": 1280, "height": 800}}
PHONE: Mapping[str, Any] = {
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
    "is_mobile": True,
    "device_scale_factor": 2,
}
PATIENCE_MS = 15_000
_WATCH = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`content security policy: ${event.violatedDirective} ${event.blockedURI}`));
"""
_STICKS_OUT = """() => {
  const root = document.scrollingElement, width = root.clientWidth;
  if (root.scrollWidth <= width) return [];
  const out = [...document.querySelectorAll("body *")].filter((e) => e.getBoundingClientRect().right > width + 1);
  return [`${root.scrollWidth} > ${width}`, ...out.slice(0, 5).map((e) => e.outerHTML.slice(0, 120))];
}"""
# Every rule there is for WCAG 2.2 AA, and axe's own good practices.
_EVERYTHING = {"resultTypes": ["violations"]}
# At night only colours are different.
_COLOURS = {
    "resultTypes": ["violations"],
    "runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]},
}


@dataclass  # no slots: Playwright hangs its own attributes on whoever listens
class Window:
    """One context with one page, on a network of its own."""

    shop: LiveShop
    page: Page
    has_scripts: bool = True
    problems: list[str] = field(default_factory=list)
    # A form that comes back with a sentence is no fault.
    expected: set[int] = field(default_factory=lambda: {422})

    @classmethod
    def open(
        cls, shop: LiveShop, browser: Browser, *, network: str, shape: Mapping[str, Any], scripts: bool
    ) -> "Window":
        context = browser.new_context(
            base_url=shop.origin,
            java_script_enabled=scripts,
            extra_http_headers={"X-Forwarded-For": network},
            **shape,
        )
        context.set_default_timeout(PATIENCE_MS)
        if scripts:
            context.add_init_script(_WATCH)
        window = cls(shop, context.new_page(), scripts)
        window._watch(window.page)
        return window

    def another(self) -> "Window":
        """A second tab of the same browser: the same cookies."""
        tab = Window(self.shop, self.page.context.new_page(), self.has_scripts, self.problems)
        tab._watch(tab.page)
        return tab

    def go(self, path: str, *, status: int = 200) -> None:
        self.expected.add(status)
        answer = self.page.goto(path)
        assert answer is not None and answer.status == status, f"{path}: {answer and answer.status}"

    def sign_in(self, email: str, *, next_page: str = "/") -> None:
        """Password and one-time code, as the sign-in page of the demo shows them."""
        self.shop.clock.move(seconds=31)
        self.go(f"/sign-in?next={next_page}")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password", exact=True).fill(DEMO_PASSWORD)
        self.page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()
        code = self.page.locator(".people li", has_text=email).locator(".number").text_content()
        self.page.get_by_label("Code from your authenticator app").fill(code or "")
        self.page.get_by_role("button", name="Go on").click()
        self.page.wait_for_url(lambda url: "/sign-in" not in url)

    # The conversation

    @property
    def chat(self) -> Locator:
        return self.page.locator("#chat")

    def open_chat(self) -> None:
        self.page.locator(".tool--assistant").click()
        expect(self.chat).to_be_visible()
        expect(self.chat.get_by_label("Your message")).to_be_focused()

    def ask(self, text: str) -> Locator:
        """Send a message; returns the last thing said once the answer is complete."""
        self.chat.get_by_label("Your message").fill(text)
        self.chat.get_by_role("button", name="Send").click()
        return self.answered()

    def answered(self) -> Locator:
        """The assistant's last answer, complete with its cards."""
        expect(self.chat).not_to_have_attribute("aria-busy", "true")
        answer = self.chat.locator(".voice--assistant").last
        expect(answer.locator(".voice__text")).not_to_be_empty()
        return answer

    @property
    def card(self) -> Locator:
        """The card that waits for a signature; there is one at a time in these walks."""
        return self.page.locator(".countersign:not(.countersign--settled)")

    @property
    def slip(self) -> Locator:
        """The shop's own last word in the conversation."""
        return self.chat.locator(".slip").last

    def confirm(self, *, code: str = "") -> None:
        if code:
            self.card.get_by_label("Code from your authenticator app").fill(code)
        self.card.get_by_role("button", name="Confirm").click()

    # What must be true of every page

    def violations(self, *, dark: bool = False) -> list[str]:
        """What axe finds: rule, place and reason."""
        self.page.emulate_media(color_scheme="dark" if dark else "light", reduced_motion="reduce")
        found = Axe().run(self.page, options=_COLOURS if dark else _EVERYTHING).response["violations"]
        return [
            f"{rule['id']} at {' '.join(map(str, node['target']))}: {_reason(node)}"
            for rule in found
            for node in rule["nodes"]
        ]

    def overflow(self) -> list[str]:
        """What sticks out to the right of the window; empty when the page can't be pushed sideways."""
        return list(self.page.evaluate(_STICKS_OUT))

    def shot(self, name: str, *, full: bool = False) -> None:
        """A picture for people to look at, kept when COUNTERSIGN_SHOTS names a folder."""
        folder = os.environ.get("COUNTERSIGN_SHOTS")
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            self.page.screenshot(path=Path(folder) / f"{name}.png", full_page=full, animations="disabled")

    def faults(self, name: str) -> list[str]:
        """What is wrong with the page as it stands: by day, by night, and as wide as a desk and two phones."""
        found = [f"{name}, by day: {each}" for each in self.violations()]
        self.shot(f"{name}-day")
        found += [f"{name}, by night: {each}" for each in self.violations(dark=True)]
        self.shot(f"{name}-night")
        for width in (1280, 390, 320):
            self.page.set_viewport_size({"width": width, "height": 800})
            found += [f"{name}, {width} px wide: {each}" for each in self.overflow()]
            if width == 390:
                self.shot(f"{name}-phone")
        self.page.set_viewport_size({"width": 1280, "height": 800})
        self.page.emulate_media(color_scheme="light")
        return found

    def _watch(self, page: Page) -> None:
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.problems.append(f"uncaught: {error}"))
        page.on("response", self._came)

    def _heard(self, message: ConsoleMessage) -> None:
        # Answers that failed are noted below, by status.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.problems.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _came(self, response: Response) -> None:
        if response.status >= 400 and response.status not in self.expected:
            self.problems.append(f"{response.status}: {response.request.method} {response.url}")


def order_number(text: str) -> str:
    """The first order number in a text."""
    found = re.search(r"HP-[0-9A-Z]{4}-[0-9A-Z]{4}", text)
    assert found, text
    return found[0]


def _reason(node: Mapping[str, Any]) -> str:
    said = [each["message"] for kind in ("any", "all", "none") for each in node[kind]]
    return "; ".join(said) or json.dumps(node)[:200]
