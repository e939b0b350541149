"""T36: what only the demo may show or use (codes, passwords, outbox, demo gateway) is there in a real shop."""

from pathlib import Path

import pytest

from auth.database import Scope
from frontend.app import build_house, create_app
from frontend.settings import SettingsRefused, read_settings
from shop.payments import DemoGateway
from tests.agent.scripted import Scripted, says
from tests.browsing import OURS, Street
from tests.building import ORIGIN, Building, build

MAIL = "smtp://localhost:2525"


class _Own:
    """A real shop's own gateway; it does what the demo's does and is none."""

    def __init__(self, inner: DemoGateway) -> None:
        self.charge, self.refund, self.describe = inner.charge, inner.refund, inner.describe


@pytest.fixture
def real(empty_building: Building) -> Street:
    """The same shop in production, with mail; its gateway is handed in."""
    url = empty_building.house.database.engine.url.render_as_string(hide_password=False)
    empty_building.house.database.close()
    building = build(
        empty_building.folder,
        database_url=url,
        model=Scripted(says("I listen.")),
        wrap_gateway=_Own,  # type: ignore[arg-type]
        mode="production",
        smtp_url=MAIL,
        origin=ORIGIN,
    )
    return Street.before(building)


def test_a_real_shop_shows_no_codes_and_no_outbox(real: Street) -> None:
    browser = real.browser()
    assert real.building.house.demo is None
    page = browser.get("/sign-in")
    assert page.status_code == 200 and "harbour-lantern-walk" not in page.text
    assert browser.get("/demo/outbox").status_code == 404
    assert "DEMO" not in browser.get("/").text


def test_without_a_gateway_a_real_shop_does_not_open(tmp_path: Path) -> None:
    settings = read_settings(mode="production", smtp_url=MAIL, data_folder=tmp_path, origin=ORIGIN, _env_file=None)
    with pytest.raises(SettingsRefused, match="gateway"):
        build_house(settings, model=Scripted(says("x")))


REFUSED = {
    "plain http off loopback": {"mode": "production", "smtp_url": MAIL, "origin": "http://shop.example"},
    "a demo that everybody can reach": {"mode": "demo", "origin": "https://shop.example"},
    "a shop that cannot write mails": {"mode": "production", "origin": "https://shop.example"},
    "a database elsewhere without TLS": {
        "mode": "production",
        "smtp_url": MAIL,
        "origin": "https://shop.example",
        "database_url": "postgresql://u@db.example/shop",
    },
    "hashing that costs nothing": {"mode": "demo", "argon2_memory_kib": 8},
    "a mode that does not exist": {"mode": "debug"},
}


@pytest.mark.parametrize("what", REFUSED)
def test_settings_that_would_open_the_house_to_everybody_are_refused(what: str) -> None:
    with pytest.raises(SettingsRefused):
        read_settings(**REFUSED[what], _env_file=None)


def test_the_demo_says_that_it_is_one_on_every_page(street: Street) -> None:
    for path in ("/", "/sign-in", "/no-such-page", "/basket"):
        assert "demo" in street.browser().get(path).text.lower(), path


def test_there_is_no_way_from_a_request_into_the_demo(real: Street) -> None:
    browser = real.browser(headers=OURS | {"X-Demo": "1", "Cookie": "mode=demo; demo=1"})
    assert "harbour-lantern-walk" not in browser.get("/sign-in?mode=demo&demo=1").text
    with real.building.house.database.read(Scope.own(None)):
        assert create_app(real.building.settings, real.building.house, chores=False).docs_url is None
