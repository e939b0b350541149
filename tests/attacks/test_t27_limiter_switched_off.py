"""T27: a variable in the environment or a stray ``.env`` file switches the rate limits off."""

import os
from pathlib import Path

import pytest

from tests.attacks.wiles import hostile
from tests.browsing import Street
from tests.building import Building

OFF = {"RATELIMIT_ENABLED": "False", "RATELIMIT_DEFAULT": "100000/second", "RATELIMIT_STORAGE_URL": "memory://"}


def test_neither_stops_the_counting(empty_building: Building, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in OFF.items():
        monkeypatch.setenv(name, value)
    (tmp_path / ".env").write_text("".join(f"{name}={value}\n" for name, value in OFF.items()))
    monkeypatch.chdir(tmp_path)
    assert os.environ["RATELIMIT_ENABLED"] == "False"
    browser = Street.before(hostile(empty_building)).browser()
    form = {"password": "x"}
    statuses = [
        browser.post("/sign-in", data={"email": f"guess{n}@example.com", **form}).status_code for n in range(31)
    ]
    assert statuses == [422] * 30 + [429]


def test_each_kind_of_expensive_request_has_a_ceiling(street: Street) -> None:
    tries = {"/register": 11, "/forgot": 11}
    for path, times in tries.items():
        browser = street.browser(f"198.51.100.{times}" if path == "/forgot" else "198.51.100.1")
        answers = [browser.post(path, data={"email": "x", "name": "x", "password": "x"}) for _ in range(times)]
        assert answers[-1].status_code == 429 and int(answers[-1].headers["retry-after"]) > 0, path
    browser = street.browser()
    assert [browser.post("/chat", data={"message": ""}).status_code for _ in range(31)][-1] == 429


def test_the_general_ceiling_covers_what_is_not_even_a_page(street: Street) -> None:
    browser = street.browser()
    statuses = {browser.get("/no-such-page").status_code for _ in range(601)}
    assert statuses == {404, 429}
