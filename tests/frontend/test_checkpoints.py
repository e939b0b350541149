"""After a commit the log's head is signed outside the database; when that can't be, nobody's answer breaks for it."""

from sqlalchemy import text, update
from structlog.testing import capture_logs

from auth.audit import AuditHead
from auth.database import Scope
from frontend.app import build_house
from shop.commands import AddToBasket
from tests.building import Building, embedded


def test_a_head_that_contradicts_the_newest_checkpoint_is_told_to_the_operator(building: Building) -> None:
    house, ada = building.house, building.person("ada").at_page(building.clock)
    building.desk.submit(ada, AddToBasket("mug-pine"), request_id="one")
    building.clock.move(minutes=1)
    house.checkpoint()
    with house.database.begin(Scope.house("an attacker")) as session:
        frontier = session.get_one(AuditHead, 1).frontier
        session.execute(update(AuditHead).values(frontier=bytes(len(frontier))))
    again = build_house(building.settings, clock=building.clock, gateway=building.gateway, model=embedded())
    with capture_logs() as told:
        again.checkpoint()
    again.database.close()
    assert [line["log_level"] for line in told] == ["critical"] and "contradicts" in told[0]["event"]


def test_a_checkpoint_that_cannot_be_made_is_logged_and_breaks_nothing(building: Building) -> None:
    house = building.house
    with house.database.begin(Scope.house("a broken database")) as session:
        session.execute(text("ALTER TABLE audit_head RENAME TO elsewhere"))
    with capture_logs() as told:
        build_house(building.settings, clock=building.clock, gateway=building.gateway, model=embedded()).checkpoint()
    assert [line["event"] for line in told] == ["no audit checkpoint could be written"]
