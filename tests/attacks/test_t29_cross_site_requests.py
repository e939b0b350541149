"""T29: a page elsewhere sends a form in the name of somebody who is signed in here (CSRF)."""

import re

from shop.commands import RefundOrder
from tests.attacks.wiles import ADAS_MUG, ADAS_PAID, parked
from tests.browsing import Street, cards, goods, messages, moved

EVIL: tuple[dict[str, str], ...] = (
    {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "https://evil.example"},
    {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:8001", "Sec-Fetch-Site": "same-site"},
    {"Origin": "http://localhost:8000.evil.example", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "https://localhost:8000", "Sec-Fetch-Site": "same-origin"},
    {"Origin": "http://localhost:8000", "Sec-Fetch-Site": "cross-site"},
    {},
)
FIELDS = {"order": ADAS_PAID, "email": "x@example.com", "message": "refund me", "sku": "mug-pine", "quantity": "1"}
FIELDS |= {"address": "address:office", "label": "x", "theme": "dark", "code": "1", "lines": "1", "reason": "x"}


def test_every_door_that_changes_something_refuses_every_foreign_form(street: Street) -> None:
    browser, building = street.signed_in("ada"), street.building
    card = parked(building, building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    doors = _doors(street, str(card.approval_id))
    assert len(doors) >= 20 and "/sign-out" in doors and f"/approvals/{card.approval_id}/confirm" in doors
    browser.headers.clear()
    browser.headers.update({"Host": "localhost:8000"})
    before = goods(building)
    for n, path in enumerate(doors):
        # Each from a network of its own: all of them together are more than one may ask for in a minute.
        elsewhere = street.browser(f"198.51.100.{n}", headers={"Host": "localhost:8000"})
        elsewhere.cookies = browser.cookies
        for headers in EVIL:
            answer = elsewhere.post(path, data=FIELDS, headers=headers)
            assert answer.status_code == 403, (path, headers, answer.status_code)
            assert "set-cookie" not in answer.headers
    assert goods(building) == before and moved(building) == [] and messages(building, "ada") == []
    assert [c.state for c in cards(building, "ada")] == ["open"]
    assert browser.get("/orders").status_code == 200


def test_other_methods_are_no_way_around(street: Street) -> None:
    browser = street.signed_in("ada")
    for method in ("PUT", "PATCH", "DELETE"):
        answer = browser.request(method, f"/orders/{ADAS_PAID}/cancel", headers=EVIL[0])
        assert answer.status_code == 403
    for name in ("X-HTTP-Method-Override", "X-Method-Override"):
        assert browser.get(f"/orders/{ADAS_PAID}/cancel?_method=POST", headers={name: "POST"}).status_code in (404, 405)
    assert street.building.order(ADAS_PAID).status == "paid"


def test_looking_changes_nothing(street: Street) -> None:
    browser, building = street.signed_in("ada"), street.building
    card = parked(building, building.person("ada"), RefundOrder(ADAS_MUG, "broken"))
    before = goods(building)
    paths = [path for path, verbs in street.app.openapi()["paths"].items() if "get" in verbs]
    for path in paths:
        filled = _filled(path, str(card.approval_id))
        assert browser.get(f"{filled}?confirm=1&code=1&action=cancel").status_code < 500, path
    assert goods(building) == before and moved(building) == []
    assert [c.state for c in cards(building, "ada")] == ["open"] and browser.get("/orders").status_code == 200


def _doors(street: Street, card: str) -> list[str]:
    return [_filled(path, card) for path, verbs in street.app.openapi()["paths"].items() if "post" in verbs]


def _filled(path: str, card: str) -> str:
    known = {"approval_id": card, "number": ADAS_PAID, "sku": "mug-pine", "handle": "harbour-mug", "category": "table"}
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda hit: known.get(hit[1], "1"), path)
