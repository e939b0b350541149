"""T25: names, addresses, chats or secrets can be read in the database file, its write-ahead log or the logs."""

import logging
from pathlib import Path

import pytest
import yaml
from sqlalchemy import select

import shop
from auth.database import Base, Scope
from frontend.logbook import open_logbook
from shop.commands import RefundOrder, SaveAddress
from shop.demo import seed
from tests.attacks.wiles import ADAS_MUG, say
from tests.browsing import Street
from tests.building import Building

MOVED_IN = ("Zephyrwick", "Juniperlane", "Quarrywharf", "D02 X285", "zephyrwick@example.com")
SAID = "Persimmonwhistle"
CONTENT = ("products", "product_variants", "variants", "reviews")


@pytest.fixture
def quiet_log() -> object:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield open_logbook("debug")
    root.handlers[:] = handlers
    root.setLevel(level)


def test_what_people_told_the_shop_is_in_no_file_and_no_log(
    street: Street, quiet_log: None, capfd: pytest.CaptureFixture[str]
) -> None:
    browser, building = street.signed_in("ada"), street.building
    say(browser, f"my name is {SAID} and my order is late")
    ada = building.person("ada").at_page(building.clock, second_factor_age_s=9)
    building.desk.submit(ada, RefundOrder(ADAS_MUG, SAID), request_id="a")
    building.desk.submit(ada, SaveAddress("Den", SAID, f"{SAID} 1", "1", SAID, "IE"), request_id="b")
    browser.post("/register", data={"name": SAID, "email": f"{SAID}@example.com", "password": "copper lantern 77 q"})
    browser.post("/forgot", data={"email": building.person("ada").email})
    browser.post("/sign-in", data={"email": f"{SAID}@example.com", "password": SAID})
    browser.get(f"/search?q={SAID}")
    logging.getLogger("sqlalchemy.engine").error("could not write %s@example.com", SAID)
    words = (*MOVED_IN, SAID, *street.secrets.values())
    kept = _stored(building)
    assert len(kept) > 100_000
    assert not [word for word in words if word.lower().encode() in kept.lower()]
    out, err = capfd.readouterr()
    assert not [word for word in words if word in out + err]


def test_nothing_personal_that_the_demo_seeds_is_in_the_clear(empty_building: Building) -> None:
    house, demo = empty_building.house, empty_building.settings.demo_mode()
    assert demo is not None
    seed(
        demo,
        house.database,
        house.vault,
        gateway=house.gateway,
        hasher=house.entrance.hasher,
        clock=house.clock,
    )
    words = _seeded()
    assert len(words) > 100
    kept = _stored(empty_building)
    assert not [word for word in words if word.encode() in kept]


def _stored(building: Building) -> bytes:
    """Every byte the shop keeps: its files as they are (write-ahead log included), or on PostgreSQL every row."""
    folder = building.folder
    files = b"".join(path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file() and path.stat().st_size)
    if not building.house.database.is_postgres:
        assert any(path.name.endswith("-wal") for path in folder.iterdir())
        return files
    with building.house.database.read(Scope.house("a test looks")) as session:
        rows = [session.connection().execute(select(t)).all() for t in Base.metadata.sorted_tables]
    return files + repr([[tuple(row) for row in table] for table in rows]).encode() + b" " * 100_000


def _seeded() -> set[str]:
    data = Path(shop.__file__).parent / "demo_data"
    people = yaml.safe_load((data / "people.yaml").read_text("utf-8"))
    found = set()
    for person in [*people["customers"], *people["clerks"]]:
        found |= {person["email"], person["name"], person["name"].split()[-1]}
        for _, street, _, town, _ in person.get("addresses", []):
            found |= {street, town}
    return {word for word in found if len(word) > 4}
