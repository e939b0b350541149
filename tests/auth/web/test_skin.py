"""The HTTP skin: where requests may come from, how large they are, what every answer says, and the cookie's name."""

import pytest
from sqlalchemy import event
from starlette.datastructures import Headers
from starlette.testclient import TestClient

from auth.web.cookies import SessionCookie
from auth.web.headers import content_security_policy
from auth.web.network import ClientNetworks
from auth.web.skin import put_on_skin

OURS, OTHER = "https://shop.example", "https://evil.example"


@pytest.mark.parametrize(
    ("site", "origin", "has_cookie", "status"),
    [
        ("same-origin", OURS, True, 200),
        ("same-origin", None, True, 200),
        ("none", None, True, 200),
        ("cross-site", OTHER, True, 403),
        ("cross-site", None, True, 403),
        ("cross-site", OURS, True, 403),
        ("cross-site", None, False, 403),
        ("same-site", "https://blog.shop.example", True, 403),
        ("same-site", None, True, 403),
        ("nonsense", OURS, True, 403),
        ("same-origin", OTHER, True, 403),
        ("same-origin", "null", True, 403),
        (None, OURS, True, 200),
        (None, OTHER, True, 403),
        (None, OTHER, False, 403),
        (None, "null", True, 403),
        (None, OURS + ".evil.example", True, 403),
        (None, "http://shop.example", True, 403),
        (None, None, True, 403),
        (None, None, False, 200),
    ],
)
def test_who_may_send_a_form(shop, site, origin, has_cookie, status):
    browser = shop.signed_in() if has_cookie else shop.browser()
    headers = {"Sec-Fetch-Site": site, "Origin": origin}
    answer = browser.post("/sign-out", headers={name: value for name, value in headers.items() if value})
    assert answer.status_code == status


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE", "MADE-UP"])
def test_every_method_but_the_safe_ones_is_checked(shop, method):
    assert shop.signed_in().request(method, "/sign-out", headers={"Origin": OTHER}).status_code == 403


def test_a_refused_request_does_not_reach_the_session(shop):
    browser, statements = shop.signed_in(), []
    engine = shop.door.entrance.database.engine
    event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    answer = browser.post("/basket", headers={"Origin": OTHER, "Accept": "application/json"})
    assert answer.status_code == 403
    assert "Nothing was changed" in answer.json()["message"]
    assert statements == []
    browser.post("/basket", headers=shop.own)
    assert statements


def test_the_cookie_is_named_by_the_scheme(make_shop):
    for origin, name, is_secure in [
        (OURS, "__Host-countersign", True),
        ("http://localhost:8000", "countersign", False),
    ]:
        shop = make_shop(origin=origin)
        header = shop.browser().post("/basket", headers={"Origin": origin}).headers["set-cookie"]
        assert header.startswith(f"{name}=")
        assert ("Secure" in header) is is_secure
        assert "HttpOnly" in header
        assert "SameSite=Lax" in header
        assert "Path=/;" in header
        assert "Domain" not in header


def test_signing_out_removes_the_cookie(shop):
    header = shop.signed_in().post("/sign-out", headers=shop.own).headers["set-cookie"]
    assert header.startswith("__Host-countersign=; ")
    assert "Max-Age=0" in header


def test_plain_http_is_for_loopback_only(shop):
    with pytest.raises(ValueError, match="plain http"):
        put_on_skin(shop.app, shop.door, origins=["http://shop.example"])


@pytest.mark.parametrize("is_secure", [True, False])
def test_the_content_policy_allows_nothing_inline_and_nobody_else(is_secure):
    policy = content_security_policy(is_secure=is_secure)
    assert policy.startswith("default-src 'none';")
    for word in ("unsafe", "http:", "https:", "*", "data:", "blob:"):
        assert word not in policy
    assert {"frame-ancestors 'none'", "base-uri 'none'", "form-action 'self'"} <= set(policy.split("; "))


def test_every_answer_carries_the_headers_refusals_too(shop):
    answers = [
        shop.browser().get("/me"),
        shop.browser().get("/no-such-page"),
        shop.browser().post("/sign-out", headers={"Origin": OTHER}),
        shop.browser().post("/chat", content=b"x" * 70_000, headers=shop.own),
        TestClient(shop.app, base_url="https://evil.example").get("/me"),
    ]
    assert [answer.status_code for answer in answers] == [200, 404, 403, 413, 421]
    for answer in answers:
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert answer.headers["strict-transport-security"].startswith("max-age=63072000")


def test_there_is_no_hsts_on_loopback(make_shop):
    shop = make_shop(origin="http://localhost:8000")
    assert "strict-transport-security" not in shop.browser().get("/me").headers


def test_a_signed_in_page_is_kept_by_nobody_and_static_files_may_be(shop):
    browser = shop.signed_in()
    assert browser.get("/account").headers["cache-control"] == "no-store"
    assert "cache-control" not in browser.get("/static/shop.css").headers
    assert "cache-control" not in shop.browser().get("/me").headers


def test_a_body_over_the_limit_is_refused_announced_or_in_chunks(shop):
    form = {**shop.own, "Content-Type": "application/x-www-form-urlencoded"}
    browser = shop.browser()
    fits = b"text=" + b"a" * 60_000
    assert browser.post("/chat", content=fits, headers=form).json() == {"length": 60_000}
    assert browser.post("/chat", content=iter([fits[:100], fits[100:]]), headers=form).json() == {"length": 60_000}
    announced = browser.post("/chat", content=b"a" * 65_537, headers=form)
    chunked = browser.post("/chat", content=(b"a" * 1000 for _ in range(70)), headers=form)
    for answer in (announced, chunked):
        assert answer.status_code == 413
        assert "at most 64 KiB" in answer.text


@pytest.mark.parametrize("length", ["-1", "1e3", "\u00b3".encode("latin-1"), "9" * 40, "0x10"])
def test_a_length_that_is_no_number_is_refused(shop, length):
    answer = shop.browser().post("/chat", content=iter([b"a"]), headers={**shop.own, "Content-Length": length})
    assert answer.status_code == 413


def test_another_host_is_not_served(shop):
    for host in ("evil.example", "shop.example.evil.example", "shop.example:8443", "localhost"):
        assert TestClient(shop.app, base_url=OURS).get("/me", headers={"Host": host}).status_code == 421


def scope(peer, *forwarded):
    headers = [(b"x-forwarded-for", line.encode()) for line in forwarded]
    return {"type": "http", "client": peer and (peer, 1), "headers": headers}


@pytest.mark.parametrize(
    ("peer", "forwarded", "network"),
    [
        ("203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("10.0.0.2", ("198.51.100.1",), "198.51.100.1"),
        ("10.0.0.2", ("192.0.2.66, 198.51.100.1",), "198.51.100.1"),
        ("10.0.0.2", ("192.0.2.66", "198.51.100.1, 10.0.0.3"), "198.51.100.1"),
        ("10.0.0.2", ("nonsense",), "10.0.0.2"),
        ("10.0.0.2", ("198.51.100.1, nonsense",), "10.0.0.2"),
        ("10.0.0.2", (), "10.0.0.2"),
        ("10.0.0.2", ("2001:db8:1:2:3:4:5:6",), "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", (), "2001:db8:1:2::/64"),
        ("::ffff:203.0.113.7", ("198.51.100.1",), "203.0.113.7"),
        ("testclient", ("198.51.100.1",), "unknown"),
        (None, ("198.51.100.1",), "unknown"),
    ],
)
def test_a_forwarded_address_is_believed_from_our_proxy_only(peer, forwarded, network):
    assert ClientNetworks.behind(["10.0.0.0/8"]).of(scope(peer, *forwarded)) == network


def test_without_a_proxy_the_header_is_not_read():
    assert ClientNetworks().of(scope("127.0.0.1", "198.51.100.1")) == "127.0.0.1"


def test_a_cookie_with_odd_characters_is_not_read():
    cookie = SessionCookie(is_secure=False)
    assert cookie.read(Headers({"cookie": "a=b; countersign=abcdefghijklmnop0123"})) == "abcdefghijklmnop0123"
    assert cookie.read(Headers({"cookie": "countersign=short"})) is None
    assert cookie.read(Headers({"cookie": "countersign=abcdefghijklmnop'; DROP TABLE"})) is None
