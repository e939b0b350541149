"""The chores of signing in: a change of address whose day has come is carried out, and what has ended is forgotten."""

from sqlalchemy import func, select

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in.address_changes import MailChange
from auth.sign_in.challenges import PasskeyChallenge
from auth.sign_in.devices import KnownDevice
from auth.sign_in.lost_factor import FactorReset
from frontend.chores import Chores
from tests.attacks.test_t57_an_account_carried_off import NEW, _ask, _links, _mails
from tests.browsing import Street
from tests.building import Building
from tests.frontend.test_chores import door_of

KEPT = (MailChange, PasskeyChallenge, KnownDevice, FactorReset)


def test_a_change_of_address_is_carried_out_in_its_time_and_then_forgotten(building: Building) -> None:
    street, house, ada = Street.before(building), building.house, building.person("ada")
    _ask(street)
    for agreeing in ("Use this address", "Another address for"):
        street.browser().post(_links(_mails(street, agreeing)[0].text)[0])
    browser = street.browser()
    browser.post("/sign-in/passkey/options")
    browser.post("/sign-in/lost", data={"ticket": street.first_step(browser, "ada")})
    building.clock.move(hours=24)
    Chores(house, door_of(building)).once()
    with house.database.read(Scope.own(ada.id)) as session:
        assert house.vault.open(session, session.get_one(Account, ada.id), "email") == NEW
    assert all(_count(building, model) for model in KEPT)
    building.clock.move(days=366)
    Chores(house, door_of(building)).once()
    assert [model.__tablename__ for model in KEPT if _count(building, model)] == []


def _count(building: Building, model: type) -> int:
    with building.house.database.read(Scope.house("a test counts")) as session:
        return session.scalars(select(func.count()).select_from(model)).one()
