"""T41: whoever has a session switches the warnings off first, so that its owner never hears of what comes next."""

import pytest

from auth.database import Scope
from auth.guard.decisions import Refused
from auth.mail import waiting_mail
from shop.commands import ChangePreferences, ShipOrder
from shop.preferences import ORDER_UPDATES, REVIEW_REMINDERS, SECURITY, Preference, wants
from tests.browsing import PASSWORD, Street
from tests.building import Building


def subjects(building: Building) -> list[str]:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return [w.mail.subject for w in waiting_mail(session, building.house.vault)]


@pytest.mark.parametrize("topic", [SECURITY, ORDER_UPDATES, "SECURITY", " security ", "order updates"])
def test_no_door_switches_a_warning_off(building: Building, street: Street, topic: str) -> None:
    ada = building.person("ada")
    for number, actor in enumerate((ada.through_chat(), ada.at_page(building.clock, second_factor_age_s=1))):
        outcome = building.desk.submit(actor, ChangePreferences(topic, False), request_id=f"x{number}")
        assert isinstance(outcome, Refused) and outcome.policy == "preferences.duties-stay-on"
    browser = street.signed_in("ada")
    told = browser.post("/account/preferences", data={"topic": topic, "on": "no", "request_id": "r"})
    assert "be switched off" in browser.get(told.headers["location"]).text


def test_a_row_written_past_the_desk_switches_nothing_off(building: Building, street: Street) -> None:
    ada, house, now = building.person("ada"), building.house, building.clock()
    with house.database.begin(Scope.own(ada.id)) as session:
        for number, topic in enumerate((SECURITY, ORDER_UPDATES)):
            row = Preference(id=type(ada.id)(int=number + 1), account_id=ada.id, topic=topic, is_on=False)
            row.changed_at = now
            session.add(row)
        session.flush()
        assert wants(session, ada.id, SECURITY) and wants(session, ada.id, ORDER_UPDATES)
        assert not wants(session, ada.id, REVIEW_REMINDERS) and not wants(session, ada.id, "anything else")
    browser = street.signed_in("ada")
    form = {"current": PASSWORD, "new": "wharf kettle juniper 7119"}
    assert browser.post("/account/security/password", data=form).status_code == 303
    number, clerk = building.orders["ada.paid"], building.person("cleo").at_work(building.clock)
    building.desk.submit(clerk, ShipOrder(number, "TRK-1"), request_id="s")
    assert any("change to your sign-in" in s for s in subjects(building))
    assert any("on its way" in s for s in subjects(building))
