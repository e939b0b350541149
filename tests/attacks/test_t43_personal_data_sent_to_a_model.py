"""T43: names, addresses and numbers of customers are sent to a model's provider, or a model gets at somebody else's."""

from agent.models import LoadedModel
from auth.database import Scope
from shop.addresses import Address, find_address
from tests.agent.scripted import Scripted
from tests.attacks.wiles import ADAS_PAID, hostile, say, told
from tests.browsing import Street, cards, entries, goods
from tests.building import Building

TYPED = "I am Zephyrwick of 7 Juniperlane, D02 X285, ada.zephyrwick@example.com, +353 1 234 5678, 4242 4242 4242 4242"
PERSONAL = ("Zephyrwick", "Juniperlane", "X285", "@example", "234 5678", "4242 4242")


def street_with(empty: Building, model: Scripted, *, is_remote: bool = True) -> Street:
    return Street.before(hostile(empty, model=LoadedModel(model, is_remote, "remote:test")))


def test_what_a_customer_types_about_themselves_stays_in_the_house(empty_building: Building) -> None:
    model = Scripted(told("", ("list_addresses", {})), told("", ("show_order", {"order": ADAS_PAID})), told("Good."))
    street = street_with(empty_building, model)
    browser = street.signed_in("ada")
    assert say(browser, TYPED).status_code == 303
    assert len(model.seen) == 3 and "[name:1]" in str(model.seen)
    assert [word for word in PERSONAL if word in str(model.seen)] == []
    (withheld,) = entries(street.building, "text.withheld")
    assert "name:1" in withheld.body and not [word for word in PERSONAL if word in withheld.body]


def test_a_handle_names_nothing_of_another_customer(empty_building: Building) -> None:
    """Ben's address has a telling label, so it would be a handle in his own conversation; in Ada's it is nothing."""
    calls = [("change_order_address", {"order": ADAS_PAID, "address": name}) for name in ("address:1", "address:2")]
    model = Scripted(*(told("", call) for call in calls), told("Good."))
    street = street_with(empty_building, model, is_remote=False)
    ben, house = street.building.person("ben"), street.building.house
    with house.database.begin(Scope.own(ben.id)) as session:
        address = find_address(session, ben.id, "address:office", vault=house.vault)
        assert isinstance(address, Address)
        house.vault.seal(session, address, "label", "Zephyrwick flat")
    browser = street.signed_in("ada")
    before = goods(street.building)
    assert say(browser, "send it there").status_code == 303
    assert cards(street.building, "ada") == [] and goods(street.building) == before
    refusals = [entry.body for entry in entries(street.building, "tool.refused")]
    assert refusals and all("unknown-handle" in body for body in refusals)
