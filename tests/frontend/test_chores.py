"""What the house does by itself: it forgets what has ended, and one failing chore does not keep the others waiting."""

from dataclasses import replace

from sqlalchemy import func, select

from auth.database import Scope
from auth.guard.refusals import RefusalCount
from auth.guard.submissions import Submission
from auth.mail import Mail, queue_mail
from auth.sign_in.one_time import OneTimeToken, Purpose, issue
from auth.sign_in.sessions import SignInSession
from auth.web.asking import Door
from frontend.app import create_app
from frontend.chores import Chores
from shop.commands import AddToBasket, CancelOrder
from tests.browsing import Street
from tests.building import Building

KEPT = (Submission, RefusalCount, OneTimeToken, SignInSession)


def test_what_has_ended_is_forgotten_and_what_has_not_is_kept(building: Building) -> None:
    street = Street.before(building)
    street.signed_in("ada")
    ada = building.person("ada")
    building.desk.submit(ada.at_page(building.clock), AddToBasket("mug-pine"), request_id="one")
    building.desk.submit(ada.at_page(building.clock), CancelOrder("HP-0000-0000"), request_id="two")
    with building.house.database.begin(Scope.own(ada.id)) as session:
        issue(session, ada.id, purpose=Purpose.RESET, now=building.clock())
    chores = _chores(building)
    chores.once()
    assert all(_count(building, model) for model in KEPT)
    building.clock.move(days=60)
    chores.once()
    assert [model.__tablename__ for model in KEPT if _count(building, model)] == []


def test_a_chore_that_fails_does_not_keep_the_next_from_its_turn(building: Building) -> None:
    door = door_of(building)
    broken = replace(building.house, mailer=_Broken())
    with building.house.database.begin(Scope.own(building.person("ada").id)) as session:
        mail = Mail("ada@example.com", "Hello", "Text")
        queue_mail(session, building.house.vault, building.person("ada").id, mail=mail, now=building.clock())
    door.turned_away.count("192.0.2.1", 403)
    Chores(broken, door).once()
    with building.house.database.read(Scope.house("a test looks")) as session:
        kinds = [entry.kind for entry in building.house.audit.entries(session, newest_first=True)]
    assert "web.refused" in kinds


class _Broken:
    def send(self, mail: Mail) -> None:
        raise RuntimeError("nobody foresaw this")


def _chores(building: Building) -> Chores:
    return Chores(building.house, door_of(building))


def door_of(building: Building) -> Door:
    app = create_app(building.settings, building.house, chores=False)
    door: Door = app.state.door
    return door


def _count(building: Building, model: type) -> int:
    with building.house.database.read(Scope.house("a test counts")) as session:
        return session.scalars(select(func.count()).select_from(model)).one()
