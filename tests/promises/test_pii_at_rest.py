"""Nothing personal lies about in the clear: after a day of business the database, its write-ahead log, the checkpoints,
the gateway's books and the log are searched for every name, address, mail, message, note and secret of the demo."""

import logging
import re
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyotp
import pytest
from sqlalchemy import inspect, select

from auth.database import Base, Scope
from auth.guard.approvals import Approval
from auth.sign_in.totp import TotpFactor
from auth.vault.envelope import Sealed
from frontend.app import create_app
from shop.demo import DEMO_PASSWORD, demo_people, seed
from shop.demo_shelves import read_data
from tests.browsing import Street
from tests.building import Building, build, migrated_sqlite

ROOT = Path(__file__).resolve().parents[2]
CLEAR = "Skerry Two Tent"  # a product: in the clear, as it should be
# Distinctive words that people type on this day, and where they end up.
SAID = {
    "chat": "my Marmaladewagon of tears broke and Aunt Gwendolyne wants her money back",
    "summary": "Aunt Gwendolyne",
    "reason": "Cobblergoose sat on the mug",
    "cancel": "Saffronlocket changed her mind",
    "street": "41 Thistledownwharf",
    "city": "Mosswatertown",
    "recipient": "Bartholomew Lanternkeep",
    "note": "Obsidianfern agreed on the telephone",
    "answer": "Good evening, Peregrinella from the shop here",
    "registered": "Wendeline Foxgloverstone",
    "mail": "wendeline.foxgloverstone@example.com",
    "password": "quarry heron lantern 5887",
    "telephone": "+353 86 555 0142",
}


@dataclass
class Day:
    """The demo shop after some business: what was kept, and what must not be found in it."""

    building: Building
    street: Street
    personal: dict[str, str] = field(default_factory=dict)

    @property
    def files(self) -> dict[str, bytes]:
        found = {p.relative_to(self.building.folder).as_posix(): p.read_bytes() for p in _files(self.building.folder)}
        return {name: content for name, content in found.items() if not name.startswith(("keys.json", "model/"))}

    def found(self, word: str) -> list[str]:
        """The files in which a word stands, in any of the forms in which it could have been written down."""
        forms = {word, word.lower(), word.upper(), word.replace(" ", "+"), word.replace("@", "%40")}
        forms |= {word.encode("unicode_escape").decode(), word.replace(" ", "%20")}
        raw = {f.encode() for f in forms} | {word.encode("utf-16-le")}
        return sorted({name for name, content in self.files.items() if any(form in content for form in raw)})


@pytest.fixture(scope="module")
def day(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    """A day of the demo shop on SQLite, whose files are the shop's own; a PostgreSQL server keeps its files itself."""
    folder = tmp_path_factory.mktemp("day")
    building = build(folder, database_url=migrated_sqlite(sqlite_template, folder))
    house, handler = building.house, logging.FileHandler(folder / "library.log")
    assert house.demo is not None
    # Nothing redacts these two logs: what is not written needs no net under it.
    logging.getLogger().addHandler(handler)
    with (folder / "shop.log").open("w") as log, redirect_stdout(log), redirect_stderr(log):
        seed(
            house.demo,
            house.database,
            house.vault,
            gateway=house.gateway,
            hasher=house.entrance.hasher,
            clock=house.clock,
        )
        day = Day(building, Street(building, create_app(building.settings, house, chores=False)))
        day.personal = _seeded(day) | {f"said: {name}": word for name, word in SAID.items()}
        _business(day)
        house.checkpoint()
    logging.getLogger().removeHandler(handler)
    yield day
    house.database.close()


def _files(folder: Path) -> Iterator[Path]:
    return (path for path in folder.rglob("*") if path.is_file())


def _seeded(day: Day) -> dict[str, str]:
    """What the demo has sealed, read where it was written from, so that nothing depends on the vault."""
    words = dict[str, str]()
    people = read_data("people.yaml")
    for person in [*people["customers"], *people["clerks"]]:
        surname = person["name"].split()[-1]
        words |= {f"name of {person['email']}": person["name"], f"surname of {person['email']}": surname}
        words[f"mail of {person['email']}"] = person["email"]
        for label, street, _, city, _ in person.get("addresses", []):
            words |= {f"street {label} of {surname}": street, f"city {label} of {surname}": city}
    for n, talk in enumerate(read_data("conversations.yaml")):
        words[f"summary {n}"] = talk["summary"]
        words |= {f"message {n}.{m}": text for m, (_, text) in enumerate(talk["messages"])}
    with day.building.house.database.read(Scope.house("a test looks")) as session:
        for factor in session.scalars(select(TotpFactor)):
            words[f"TOTP secret {factor.id}"] = day.building.house.vault.open(session, factor, "secret")
    assert len(words) > 150
    return words


def _business(day: Day) -> None:
    """Sign in, browse, talk, sign, save, register, answer: what leaves words of people behind."""
    street = day.street
    ida, email = street.browser(), "ida.quillfeather@example.com"
    _sign_in(day, ida, email)
    for path in ("/", "/orders", "/account/addresses", "/account/security", "/account/activity", "/search?q=mug"):
        assert ida.get(path).status_code == 200, path
    order = re.findall(r"/orders/(HP-[0-9A-Z-]{9})", ida.get("/orders").text)
    for number in dict.fromkeys(order):
        ida.post(f"/orders/{number}/refund", data={"lines": "1", "reason": SAID["reason"], "request_id": ""})
        ida.post(f"/orders/{number}/cancel", data={"reason": SAID["cancel"], "request_id": ""})
    address = {"label": "Cottage", "recipient": SAID["recipient"], "street": SAID["street"], "postcode": "QZ9 7XK"}
    ida.post("/account/addresses", data={**address, "city": SAID["city"], "country": "IE", "request_id": ""})
    for said in (
        SAID["chat"],
        "where is my last order?",
        f"ring me: {SAID['telephone']}",
        "I want to talk to a person",
    ):
        answer = ida.post("/chat", data={"message": said})
        assert answer.status_code < 400, (said, answer.status_code)
    registered = {"name": SAID["registered"], "email": SAID["mail"], "password": SAID["password"]}
    assert street.browser("203.0.113.9").post("/register", data=registered).status_code < 400
    assert street.browser("203.0.113.9").post("/sign-in", data={"email": SAID["mail"], "password": "x" * 20})
    assert street.browser("203.0.113.9").post("/forgot", data={"email": email}).status_code < 400
    _clerks_work(day)


def _sign_in(day: Day, browser: Any, email: str) -> None:
    house, clock = day.building.house, day.building.clock
    clock.move(seconds=31)
    answer = browser.post("/sign-in", data={"email": email, "password": DEMO_PASSWORD})
    ticket = re.search(r'name="ticket" value="([^"]+)"', answer.text)
    assert house.demo is not None and ticket, answer.status_code
    with house.database.read(Scope.house("a test looks")) as session:
        people = {p.email: p for p in demo_people(session, house.vault, house.demo, now=clock())}
    assert browser.post("/sign-in/code", data={"ticket": ticket[1], "code": people[email].code}).status_code == 303


def _clerks_work(day: Day) -> None:
    people = read_data("people.yaml")
    clerk = day.street.browser("203.0.113.30")
    _sign_in(day, clerk, people["clerks"][0]["email"])
    desk = clerk.get("/staff").text
    conversations = dict.fromkeys(re.findall(r"/staff/conversations/([0-9a-f-]{36})", desk))
    assert conversations, "somebody waits for a clerk"
    for key in conversations:
        clerk.get(f"/staff/conversations/{key}")
        clerk.post(f"/staff/conversations/{key}/take", data={"request_id": ""})
        clerk.post(f"/staff/conversations/{key}/answer", data={"text": SAID["answer"], "request_id": ""})
    with day.building.house.database.begin(Scope.house("a test notes")) as session:
        # A note can be written on any card; here it is on whichever there is.
        card = session.scalars(select(Approval)).first()
        if card is not None:
            day.building.house.vault.seal(session, card, "note", SAID["note"])


def test_nothing_personal_is_found_at_rest(day: Day) -> None:
    assert {"shop.db", "shop.db-wal", "demo-payments.db", "shop.log"} <= set(day.files), sorted(day.files)
    assert any(name.startswith("checkpoints/") for name in day.files)
    found = {what: files for what, word in day.personal.items() if (files := day.found(word))}
    assert found == {}


def test_the_search_finds_what_lies_in_the_clear(day: Day) -> None:
    assert {"shop.db", "shop.db-wal"} & set(day.found(CLEAR))
    (day.building.folder / "left-behind.txt").write_text(f"written to {SAID['mail'].replace('@', '%40')}", "utf-8")
    assert day.found(SAID["mail"]) == ["left-behind.txt"]


def test_what_was_said_was_kept_all_the_same(day: Day) -> None:
    """Opened with the vault it is all there: the search did not fail because nothing was stored."""
    house, opened = day.building.house, list[str]()
    with house.database.read(Scope.house("a test opens everything")) as session:
        for mapper in Base.registry.mappers:
            sealed = [c.key for c in inspect(mapper.class_).column_attrs if isinstance(c.columns[0].type, Sealed)]
            for row in session.scalars(select(mapper.class_)).unique() if sealed else ():
                opened += [house.vault.open(session, row, column) for column in sealed]
    everything = "\n".join(opened)
    missing = {what for what, word in day.personal.items() if word not in everything}
    assert missing <= {"said: password", "said: summary"} | {w for w in missing if w.startswith("surname")}, missing
    assert pyotp.TOTP(next(w for what, w in day.personal.items() if what.startswith("TOTP"))).now()


def test_the_shops_data_stays_out_of_the_repository() -> None:
    ignored = (ROOT / ".gitignore").read_text("utf-8").split()
    assert {"var/", ".env"} <= {line.lstrip("/") for line in ignored}
