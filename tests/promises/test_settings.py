"""Every setting is documented as it is, nothing of the demo is accepted outside it, and no secret shows itself.

``python -m tests.promises.test_settings --write`` renews docs/settings.md from frontend/settings.py.
"""

import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pydantic_core import PydanticUndefined
from sqlalchemy import create_engine

from agent.models import LoadedModel
from auth.database import Scope
from auth.sign_in.passwords import Argon2Cost, PasswordHasher
from frontend.app import build_house, create_app
from frontend.settings import Mode, Settings, SettingsRefused, read_settings
from shop.demo import DEMO_PASSWORD, demo_people, seed
from shop.payments import DemoGateway
from tests.agent.scripted import Scripted, says
from tests.browsing import Street
from tests.building import ORIGIN, Building, build

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "settings.md"
HEAD = """# Settings

Each setting is an environment variable, or a line in a file `.env`. They are read once, by `frontend/settings.py`; what
is wrong with them is said in one sentence, and the shop does not open. `make demo` needs none of them.

| Variable | Default | What it is |
|---|---|---|
"""
# Read by docker-compose.yml and the scripts of the database container, not by the shop.
FOR_COMPOSE = {"POSTGRES_PASSWORD", "OWNER_PASSWORD", "APP_PASSWORD", "REDIS_PASSWORD"}
REAL: dict[str, Any] = {
    "mode": "production",
    "origin": "https://shop.example",
    "smtp_url": "smtps://shop:hunter2-lantern@mail.example:465",
    "_env_file": None,
}


def table() -> str:
    """The page as it must be: one line for each field, in their order."""
    rows = []
    for name, field in Settings.model_fields.items():
        default = (
            ""
            if field.default in (None, PydanticUndefined, "", ())
            else f"`{getattr(field.default, 'value', field.default)}`"
        )
        assert field.description, f"{name} has no description"
        rows.append(f"| `COUNTERSIGN_{name.upper()}` | {default} | {field.description} |")
    return HEAD + "\n".join(rows) + "\n"


def test_the_page_says_what_the_settings_are() -> None:
    wanted = "settings changed: run `python -m tests.promises.test_settings --write`"
    assert PAGE.read_text("utf-8") == table(), wanted


def test_the_example_names_real_settings_and_real_values() -> None:
    told = re.findall(r"(?m)^#? ?COUNTERSIGN_([A-Z0-9_]+)=(.*)$", (ROOT / ".env.example").read_text("utf-8"))
    known = {name.upper() for name in Settings.model_fields}
    assert len(told) > 5 and {name for name, _ in told} <= known | FOR_COMPOSE
    live = {n.lower(): v for n, v in told if n in known and "…" not in v and n in {"MODE", "ORIGIN", "MODEL"}}
    settings = read_settings(**{**REAL, **live})
    assert settings.mode is not Mode.DEMO and settings.model == "embedded"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"origin": "http://shop.example"}, "plain http is served on loopback only"),
        ({"other_origins": "https://a.example,http://b.example"}, "plain http is served on loopback only"),
        ({"mode": "demo"}, "served on loopback only"),
        ({"mode": "demo", "origin": ORIGIN, "other_origins": "https://shop.example"}, "served on loopback only"),
        ({"smtp_url": ""}, "COUNTERSIGN_SMTP_URL must be set"),
        ({"database_url": "postgresql://shop@db.example/shop"}, "COUNTERSIGN_DATABASE_URL leaves this machine"),
        ({"database_url": "postgresql://shop@db.example/shop?sslmode=require"}, "without sslmode=verify-full"),
        ({"migration_url": "postgresql://owner@db.example/shop"}, "COUNTERSIGN_MIGRATION_URL leaves this machine"),
        ({"tls_cert": "cert.pem"}, "go together"),
        ({"mode": "playful"}, "COUNTERSIGN_MODE"),
        ({"argon2_memory_kib": 64}, "COUNTERSIGN_ARGON2_MEMORY_KIB"),
        ({"log_level": "loud"}, "COUNTERSIGN_LOG_LEVEL"),
        ({"sign_in_with": "google"}, "COUNTERSIGN_SIGN_IN_WITH: .*no JSON"),
        ({"sign_in_with": '{"use": "google"}'}, "COUNTERSIGN_SIGN_IN_WITH: .*reads like"),
        ({"sign_in_with": '[{"use": "google", "client_secret": "hunter2"}]'}, "SIGN_IN_WITH: .*needs the client_id"),
        (
            {"sign_in_with": '[{"name": "Id", "issuer": "http://localhost:9", "client_id": "x"}]'},
            "COUNTERSIGN_SIGN_IN_WITH: Id is asked over plain http",
        ),
        ({"day_calls": 0}, "COUNTERSIGN_DAY_CALLS"),
        ({"day_tokens": "many"}, "COUNTERSIGN_DAY_TOKENS"),
        ({"day_money": "Infinity"}, "COUNTERSIGN_DAY_MONEY"),
        ({"shop_day_money": "-1"}, "COUNTERSIGN_SHOP_DAY_MONEY"),
        ({"model_price_in": "NaN"}, "COUNTERSIGN_MODEL_PRICE_IN"),
        ({"day_calls": 300_000}, "COUNTERSIGN_DAY_CALLS is more than COUNTERSIGN_SHOP_DAY_CALLS"),
        ({"day_money": "50.01"}, "COUNTERSIGN_DAY_MONEY is more than COUNTERSIGN_SHOP_DAY_MONEY"),
    ],
)
def test_what_must_not_be_is_refused_in_a_sentence(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsRefused, match=says) as refused:
        read_settings(**{**REAL, **given})
    assert "hunter2" not in str(refused.value)


def test_what_may_be_is_accepted() -> None:
    assert read_settings(**REAL).demo_mode() is None
    private = "postgresql://shop@db.example/shop?sslmode=verify-full"
    assert read_settings(**{**REAL, "database_url": private}).database == private
    assert read_settings(mode="demo", origin=ORIGIN, _env_file=None).demo_mode() is not None
    assert Settings.model_fields["mode"].default is Mode.PRODUCTION, "whoever sets nothing gets no demo"


@pytest.mark.parametrize("url", ["smtp://mail.example:25", "smtp://10.0.0.4", "mail.example:25", "smtps://"])
def test_mail_that_could_be_read_on_the_way_keeps_the_house_closed(building: Building, url: str) -> None:
    settings = read_settings(
        **{**REAL, "smtp_url": url, "data_folder": building.folder, "database_url": building.settings.database_url}
    )
    with pytest.raises(SettingsRefused, match="COUNTERSIGN_SMTP_URL"):
        build_house(settings, gateway=_Elsewhere(building.gateway), clock=building.clock)


def test_the_demo_gateway_is_refused_outside_the_demo(building: Building) -> None:
    with pytest.raises(SettingsRefused, match="payment gateway"):
        build_house(read_settings(**REAL, data_folder=building.folder), clock=building.clock)
    with pytest.raises(SettingsRefused, match="payment gateway"):
        given = building.gateway
        build_house(read_settings(**REAL, data_folder=building.folder), clock=building.clock, gateway=given)


@pytest.mark.parametrize("given", [{"day_money": "0.05"}, {"day_tokens": 7999}])
def test_a_day_that_not_one_call_fits_into_keeps_the_house_closed(building: Building, given: dict[str, Any]) -> None:
    """Of a hosted model; the embedded one takes neither tokens nor money."""
    hosted = LoadedModel(Scripted(says("x")), True, "scripted")
    url = building.settings.database_url
    with pytest.raises(SettingsRefused, match="less than one call of this model may take"):
        build(building.folder, database_url=url, model=hosted, **given)
    build(building.folder, database_url=url, model=Scripted(says("x")), **given).house.database.close()


@pytest.fixture
def filled(empty_building: Building) -> Building:
    """A house that ran as a demo and has everybody in it."""
    house = empty_building.house
    assert house.demo is not None
    hasher = PasswordHasher(Argon2Cost(iterations=1))
    seed(house.demo, house.database, house.vault, gateway=house.gateway, hasher=hasher, clock=house.clock)
    return empty_building


def _codes(building: Building) -> list[str]:
    house = building.house
    assert house.demo is not None
    with house.database.read(Scope.house("a test looks")) as session:
        people = demo_people(session, house.vault, house.demo, now=building.clock())
    assert len(people) > 20 and all(person.code for person in people)
    return [word for person in people for word in (person.code, person.email, person.name)]


def test_the_sign_in_page_shows_codes_in_the_demo_and_never_outside(filled: Building) -> None:
    told = _codes(filled)
    shown = Street.before(filled).browser().get("/sign-in").text
    assert [word for word in told if word in shown], "the control: the demo shows its people"
    assert DEMO_PASSWORD in shown and "DEMO" in shown.upper()
    # The same house outside the demo: its own refusal to open on such a database is the next test's.
    house = replace(filled.house, demo=None)
    real = Street(filled, create_app(filled.settings, house, chores=False)).browser()
    for path in ("/sign-in", "/", "/register", "/demo/outbox", "/chat", "/guarded"):
        page = real.get(path).text
        assert [word for word in (*told, DEMO_PASSWORD) if word in page] == [], path
    assert real.get("/demo/outbox").status_code == 404


def test_a_real_shop_does_not_open_on_the_demos_database(filled: Building) -> None:
    database = filled.settings.database_url
    settings = read_settings(**REAL, data_folder=filled.folder, database_url=database)
    with pytest.raises(SettingsRefused, match="demo's people are in this database"):
        build_house(settings, gateway=_Elsewhere(filled.gateway), clock=filled.clock)


class _Elsewhere:
    """Stands for a real payment gateway: it has the methods and is not the demo's."""

    def __init__(self, demo: DemoGateway) -> None:
        self.charge, self.refund, self.describe = demo.charge, demo.refund, demo.describe


def test_no_secret_shows_itself(building: Building) -> None:
    secrets = ("hunter2-lantern", "pw-of-the-database", "pw-of-the-owner", "pw-of-redis", "key-of-the-model")
    settings = read_settings(
        **REAL,
        data_folder=building.folder,
        database_url="postgresql://shop:pw-of-the-database@localhost/shop",
        migration_url="postgresql://owner:pw-of-the-owner@localhost/shop",
        redis_url="redis://:pw-of-redis@localhost:6379/0",
        model_key="key-of-the-model",
    )
    house = build(building.folder, database_url=building.settings.database_url).house
    keys = (building.folder / "keys.json").read_text("utf-8")
    long = re.findall(r"[A-Za-z0-9+/=_-]{32,}", keys)
    assert long, "the control: the key file does hold keys"
    engine = create_engine("postgresql+psycopg://shop:pw-of-the-database@localhost/shop")
    for shown in (repr(settings), str(settings), f"{settings}", repr(house), repr(house.vault.provider), repr(engine)):
        assert [secret for secret in (*secrets, *long) if secret in shown] == []
    house.database.close()


def test_no_secret_reaches_the_logbook() -> None:
    """The shop's own logbook, as ``countersign serve`` opens it; in a program of its own, because it is global."""
    program = (
        "import logging, structlog\n"
        "from frontend.logbook import open_logbook\n"
        "open_logbook('info')\n"
        "structlog.get_logger('a').error('away', password='hunter2-lantern', to='ada@example.com')\n"
        "logging.getLogger('sqlalchemy').error('password=%s for %s', 'hunter2-lantern', 'ada@example.com')\n"
        "try:\n    raise ValueError('token: ghp_abcdefghijklmnop1234')\n"
        "except ValueError: structlog.get_logger('a').error('broke', exc_info=True)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "away" in done.stderr and "broke" in done.stderr and "Traceback" in done.stderr, "the control"
    assert [word for word in ("hunter2", "ada@", "ghp_") if word in done.stderr] == []


if __name__ == "__main__":
    if "--write" in sys.argv:
        PAGE.write_text(table(), "utf-8")
    else:
        print(table())
