"""T17: behind a proxy everybody shares one limit; or a header that anybody can write chooses the limit."""

from typing import Any

from tests.attacks.wiles import hostile
from tests.browsing import OURS, Street
from tests.building import Building

TRIES = 31  # one more than the ceiling on signing in


def test_a_written_header_does_not_change_who_is_counted(street: Street) -> None:
    browser = street.browser()
    for n in range(TRIES - 1):
        forged = {
            "X-Forwarded-For": f"198.51.100.{n}",
            "X_FORWARDED_FOR": f"198.51.100.{n}",
            "X-Real-IP": f"10.0.0.{n}",
        }
        assert _try(browser, n, forged) == 422
    assert _try(browser, 99, {"X-Forwarded-For": "198.51.100.99", "Forwarded": "for=198.51.100.99"}) == 429
    assert _try(street.browser("198.51.100.7"), 0, {}) == 422


def test_behind_our_proxy_each_client_has_a_limit_of_their_own_and_cannot_move_it(empty_building: Building) -> None:
    street = Street.before(hostile(empty_building, trusted_proxies="10.0.0.0/8"))
    proxy = street.browser("10.1.2.3")
    for n in range(TRIES - 1):
        # The client writes the left part; our proxy adds the address that it saw.
        assert _try(proxy, n, {"X-Forwarded-For": f"192.0.2.{n}, 198.51.100.7"}) == 422
    assert _try(proxy, 99, {"X-Forwarded-For": "192.0.2.99, 198.51.100.7"}) == 429
    assert _try(proxy, 0, {"X-Forwarded-For": "198.51.100.8"}) == 422
    assert _try(street.browser("198.51.100.7"), 0, {"X-Forwarded-For": "192.0.2.1"}) == 429


def test_an_ipv6_client_owns_its_whole_network(street: Street) -> None:
    for n in range(TRIES - 1):
        assert _try(street.browser(f"2001:db8:1:2::{n:x}"), n, {}) == 422
    assert _try(street.browser("2001:db8:1:2:ffff::1"), 99, {}) == 429
    assert _try(street.browser("2001:db8:1:3::1"), 99, {}) == 422


def _try(browser: Any, n: int, headers: dict[str, str]) -> int:
    # Another address each time, so that the limit on one account's password is not what answers.
    form = {"email": f"guess{n}@example.com", "password": "x"}
    return int(browser.post("/sign-in", data=form, headers=OURS | headers).status_code)
