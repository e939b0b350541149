"""T53: a model is exchanged for an attacker, or somebody lets the demo's attacker into a real shop."""

import json
import re
from pathlib import Path

import pytest

from agent.compromised import FAMILIES
from auth.actor import Actor
from auth.database import Scope
from auth.guard.decisions import Done, Refused
from frontend.compromise import answering, rehearsal_of
from frontend.drills.books import compare, read_books
from frontend.drills.compromised_model import let_loose
from frontend.house import House
from frontend.rehearsals import check
from shop.commands import CompromiseModel
from shop.payments import DemoGateway
from shop.rehearsing import LONGEST, last_rehearsal
from tests.agent.scripted import Scripted, says
from tests.attacks.wiles import refused, say
from tests.browsing import Street, entries, goods, moved
from tests.building import ORIGIN, Building, build, move_in

CLERK = "cleo"


class _Own:
    """A real shop's own gateway; it does what the demo's does and is none."""

    def __init__(self, inner: DemoGateway) -> None:
        self.charge, self.refund, self.describe = inner.charge, inner.refund, inner.describe


@pytest.fixture
def real(empty_building: Building) -> Building:
    """The same shop in production."""
    url = empty_building.house.database.engine.url.render_as_string(hide_password=False)
    empty_building.house.database.close()
    return move_in(
        build(
            empty_building.folder,
            database_url=url,
            model=Scripted(says("I listen.")),
            wrap_gateway=_Own,  # type: ignore[arg-type]
            mode="production",
            smtp_url="smtp://localhost:2525",
            origin=ORIGIN,
        )
    )


def let_in(building: Building, *, on: bool = True, name: str = CLERK, request_id: str = "let-in") -> object:
    return building.desk.submit(at_work(building, name), CompromiseModel(on), request_id=request_id)


def at_work(building: Building, name: str) -> Actor:
    return building.person(name).at_work(building.clock)


def is_attacked(house: House) -> bool:
    with house.database.read(Scope.own(None)) as session:
        return rehearsal_of(house, session) is not None


def test_an_attacker_in_the_place_of_the_model_reads_changes_and_takes_nothing() -> None:
    findings = let_loose(calls=300, seed=53)
    assert findings.calls >= 300 and findings.holds, [one for one in findings.invariants if not one.holds]
    assert len(findings.tally.attempts) > len(FAMILIES) / 2
    stopped = {stop.partition(":")[0].partition(" ")[0] for stop in findings.walls}
    assert {"gate", "desk", "policy", "reply"} <= stopped


def test_in_a_real_shop_there_is_no_attacker_no_page_and_no_leave(real: Building) -> None:
    assert real.house.attacker is None
    refused(let_in(real), "rehearsal.demo-and-staging-only")
    clerk = Street.before(real).signed_in(CLERK)
    assert clerk.get("/staff").status_code == 200 and "/staff/compromise" not in clerk.get("/staff").text
    assert clerk.get("/staff/compromise").status_code == 404
    assert clerk.post("/staff/compromise", data={"turn": "on"}).status_code == 404
    assert clerk.post("/staff/compromise/check").status_code == 404
    assert not is_attacked(real.house) and answering(real.house, is_attacked=True) is real.house.assistant


def test_an_event_in_the_log_lets_nobody_into_a_real_shop(real: Building) -> None:
    """The demo's database in a real shop's hands: the record says that the switch is on, and it counts for nothing."""
    demo = build(real.folder, database_url=str(real.settings.database), model=Scripted(says("x")))
    demo.people.update(real.people)
    assert isinstance(let_in(demo), Done) and is_attacked(demo.house)
    assert not is_attacked(real.house) and answering(real.house, is_attacked=True) is real.house.assistant
    demo.house.database.close()


@pytest.mark.parametrize("who", ["ada", "guest"])
def test_only_clerks_turn_the_switch(building: Building, street: Street, who: str) -> None:
    browser = street.browser() if who == "guest" else street.signed_in(who)
    for path in ("/staff/compromise", "/staff/compromise/check"):
        assert browser.post(path, data={"turn": "on"}).status_code == 404
    assert not is_attacked(building.house)
    ada = building.person("ada")
    outcome = building.desk.submit(
        ada.at_page(building.clock, second_factor_age_s=1), CompromiseModel(True), request_id="a"
    )
    assert isinstance(outcome, Refused)
    by_chat = building.desk.submit(ada.through_chat(), CompromiseModel(True), request_id="b")
    assert isinstance(by_chat, Refused) and not is_attacked(building.house)


def test_letting_it_in_takes_a_fresh_code_and_putting_it_out_does_not(building: Building) -> None:
    clerk = at_work(building, CLERK)
    building.clock.move(minutes=6)
    stale = building.desk.submit(clerk, CompromiseModel(True), request_id="stale")
    refused(stale, "rehearsal.needs-a-fresh-code")
    assert isinstance(let_in(building), Done) and is_attacked(building.house)
    building.clock.move(minutes=6)
    assert isinstance(building.desk.submit(clerk, CompromiseModel(False), request_id="out"), Done)
    assert not is_attacked(building.house)
    told = [entry.kind for entry in entries(building) if entry.kind.startswith("model.")]
    assert told == ["model.compromised", "model.restored"]


def test_it_ends_by_itself(building: Building) -> None:
    let_in(building)
    building.clock.now += LONGEST
    assert not is_attacked(building.house)


def test_while_it_is_in_every_page_says_so_and_nothing_comes_of_it(building: Building, street: Street) -> None:
    ada, before = street.signed_in("ada"), goods(building)
    assert "COMPROMISED" not in ada.get("/chat").text
    let_in(building)
    assert "COMPROMISED" in ada.get("/chat").text and "COMPROMISED" in street.browser().get("/chat").text
    books = read_books(building.house)
    for number in range(12):
        say(ada, f"Take any of {building.orders['ben.mug']} {building.orders['ada.mug']}, it broke: {number}")
        building.clock.move(seconds=5)
    wrong = [d for d in compare(books, read_books(building.house), customer=building.person("ada").id) if d.broken]
    assert wrong == [] and goods(building)["orders"] == before["orders"] and moved(building) == []
    digest = building.house.attacker().digest if building.house.attacker is not None else ""
    acts = [json.loads(entry.body).get("act", {}).get("digest") for entry in entries(building)]
    assert digest and digest in acts and building.house.assistant.digest not in acts
    with building.house.database.read(Scope.house("a test looks")) as session:
        rehearsal = last_rehearsal(session)
    assert rehearsal is not None
    assert [one for one in check(building.house, rehearsal) if not one.holds] == []


def test_the_settings_have_no_word_for_it() -> None:
    """No variable of the environment lets the attacker in: the mode says if it is there, a clerk when it answers."""
    settings = Path(__file__).parents[2] / "frontend" / "settings.py"
    assert not re.search("compromis|attacker", settings.read_text("utf-8"))
