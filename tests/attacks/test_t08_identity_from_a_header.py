"""T08: a shared secret and a header such as X-User-Id say who somebody is."""

import re
from pathlib import Path

from tests.browsing import OURS, Street

ROOT = Path(__file__).resolve().parents[2]
READ = {"origin", "sec-fetch-site", "x-forwarded-for", "host", "cookie", "content-length", "user-agent", "accept"}
READ |= {"last-event-id"}
READ |= {"retry-after", "content-encoding"}  # of another server's answer, not of a request
READ |= {"authorization"}  # a bearer token or a program's own proof, both checked before a word of it is believed
READ |= {"content-type", "if-match", "if-none-match"}
READ |= {"alg", "kid"}  # of a signed token, not of a request


def test_headers_that_name_ben_leave_ada_being_ada(street: Street) -> None:
    browser, ben = street.signed_in("ada"), street.building.person("ben")
    plain = _orders(browser.get("/orders").text)
    assert plain and all(number.startswith("HP-A") for number in plain)
    assert _orders(browser.get("/orders", headers=_claims(ben.id, ben.email)).text) == plain


def test_headers_alone_open_nothing(street: Street) -> None:
    ben = street.building.person("ben")
    stranger = street.browser(headers=OURS | _claims(ben.id, ben.email))
    stranger.cookies.set("user_id", str(ben.id), domain="localhost")
    assert stranger.get("/orders").headers["location"].startswith("/sign-in")
    assert stranger.post("/orders/HP-BPA1-0004/cancel").status_code == 303
    assert street.building.order("HP-BPA1-0004").status == "paid"


def test_the_code_reads_no_header_that_could_name_a_person() -> None:
    found = set()
    for folder in ("auth", "shop", "agent", "frontend"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"headers?\.(?:get|getlist)\(\"([a-zA-Z-]+)\"", path.read_text("utf-8")))
            found |= set(re.findall(r"Headers\([^)]*\)\.(?:get|getlist)\(\"([a-zA-Z-]+)\"", path.read_text("utf-8")))
    assert len(found) >= 4 and found <= READ, found - READ


def _claims(account_id: object, email: str) -> dict[str, str]:
    said = {
        "X-User-Id": account_id,
        "X-Account-Id": account_id,
        "X-Forwarded-User": email,
        "X-Auth-Request-Email": email,
    }
    said |= {
        "X-Customer": account_id,
        "X-Role": "clerk",
        "Authorization": f"Bearer {account_id}",
        "X-Api-Key": "secret",
    }
    return {name: str(value) for name, value in said.items()}


def _orders(page: str) -> list[str]:
    return sorted(set(re.findall(r"HP-[0-9A-Z]{4}-[0-9A-Z]{4}", page)))
