"""No route escapes the ceilings, nobody borrows another network's, and the environment can't switch them off."""

import pytest

from auth.web.asking import ceiling
from auth.web.limits import DEFAULT_RATES, Ceilings
from auth.web.network import ClientNetworks

FEW = {"default": "3/minute"}


@pytest.mark.parametrize("path", ["/me", "/account", "/orders", "/queue", "/static/shop.css", "/no-such-page"])
def test_every_path_answers_429_with_retry_after(make_shop, path):
    browser = make_shop(rates=FEW).browser()
    answers = [browser.get(path) for _ in range(4)]
    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert 1 <= int(answers[-1].headers["retry-after"]) <= 61
    assert "content-security-policy" in answers[-1].headers


def test_each_network_has_its_own_and_a_made_up_address_gives_no_new_one(make_shop):
    shop = make_shop(rates=FEW)
    statuses = [shop.browser().get("/me", headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code for i in range(4)]
    assert statuses == [200, 200, 200, 429]
    assert shop.browser("198.51.100.1").get("/me").status_code == 200


def test_behind_a_trusted_proxy_clients_are_told_apart(make_shop):
    shop = make_shop(rates=FEW, proxies=("10.0.0.2",))
    for i in range(4):
        for _ in range(3):
            answer = shop.browser("10.0.0.2").get("/me", headers={"X-Forwarded-For": f"192.0.2.{i}"})
            assert answer.status_code == 200


def test_random_cookies_give_no_new_allowance(make_shop):
    shop = make_shop(rates=FEW)
    cookies = [{"Cookie": f"__Host-countersign=made-up-token-number-{i:04}"} for i in range(4)]
    assert [shop.browser().get("/me", headers=cookie).status_code for cookie in cookies] == [200, 200, 200, 429]


def test_a_lower_ceiling_counts_per_account_and_per_network_for_guests(make_shop):
    shop = make_shop(rates={"chat": "2/minute"})

    def chat(browser):
        return browser.post("/chat", data={"text": "hello"}, headers=shop.own).status_code

    ida, bo = shop.signed_in(), shop.signed_in()
    assert [chat(ida) for _ in range(3)] == [200, 200, 429]
    assert chat(bo) == 200
    guests = [shop.browser() for _ in range(3)]
    for guest in guests:
        assert guest.post("/basket", headers=shop.own).status_code == 200
    assert [chat(guest) for guest in guests] == [200, 200, 429]


def test_new_guests_are_limited_by_network(make_shop):
    shop = make_shop(rates={"guest": "2/minute"})
    statuses = [shop.browser().post("/basket", headers=shop.own).status_code for _ in range(3)]
    assert statuses == [200, 200, 429]


def test_neither_the_environment_nor_a_file_switches_the_ceilings_off(make_shop, monkeypatch, tmp_path):
    for name, value in {
        "RATELIMIT_ENABLED": "False",
        "RATELIMIT_STORAGE_URL": "memory://elsewhere",
        "RATELIMIT_STRATEGY": "nonsense",
        "RATELIMIT_SWALLOW_ERRORS": "True",
    }.items():
        monkeypatch.setenv(name, value)
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("RATELIMIT_ENABLED=False\nRATELIMIT_HEADERS_ENABLED=True\n")
    shop = make_shop(rates=FEW)
    assert shop.door.ceilings.limiter.enabled
    assert [shop.browser().get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_file_alone_does_not_either(make_shop, monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".env").write_text("RATELIMIT_ENABLED=False\nRATELIMIT_STRATEGY=nonsense\n")
    shop = make_shop(rates=FEW)
    assert [shop.browser().get("/me").status_code for _ in range(4)] == [200, 200, 200, 429]


def test_a_missing_or_misspelled_ceiling_is_found_at_start():
    with pytest.raises(ValueError, match="no ceiling is set for chat"):
        Ceilings(ClientNetworks(), rates={name: rate for name, rate in DEFAULT_RATES.items() if name != "chat"})
    with pytest.raises(ValueError, match="no ceiling called"):
        ceiling("chatt")
    with pytest.raises(ValueError):
        Ceilings(ClientNetworks(), rates={**DEFAULT_RATES, "chat": "often"})
