"""T50: somebody burns the shop's money or everybody's share with model calls, or calls what they are not shown."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any
from uuid import UUID

from agent.models import LoadedModel
from auth.accounts import open_account
from auth.actor import Role
from auth.database import Database, Scope
from frontend.app import build_house
from frontend.purse import AccountPurse
from shop.allowances import Allowances, Limits, Price, Reservation, Spent, Use, Wanted
from shop.days_used import AccountDay, use_of_day
from tests.agent.scripted import Scripted
from tests.attacks.wiles import ADAS_PAID, hostile, say, told
from tests.browsing import Street, entries
from tests.building import Building, embedded

CALL = Wanted(True, 900, 100)
PRICE = Price(Decimal("3"), Decimal("15"))
COST = 900 * 3 + 100 * 15
ROOMY = Limits(10_000, 100_000_000, 1_000_000_000)
AT_ONCE = 50


def purse(building: Building, name: str = "ada", *, database: Database | None = None, **limits: Limits) -> AccountPurse:
    of = Allowances(limits.get("account", ROOMY), limits.get("shop", ROOMY), PRICE)
    house = replace(building.house, allowances=of, database=database or building.house.database)
    return AccountPurse(house, building.person(name).id, is_guest=False)


def used(building: Building) -> Use:
    with building.house.database.read(Scope.house("a test looks")) as session:
        return use_of_day(session, building.clock(), allowances=building.house.allowances).shop


TIGHT = (Limits(7, 10**9, 10**9), Limits(10**6, 7_000, 10**9), Limits(10**6, 10**9, 7 * COST))


def test_fifty_calls_at_once_get_no_more_than_there_is(building: Building) -> None:
    """From two processes: each with its own connections to the same database. Calls, tokens and money, each in turn."""
    other = Database(building.house.database.engine.url.render_as_string(hide_password=False))
    for whose, limits in product(("account", "shop"), TIGHT):
        building.clock.move(days=1)
        purses = [purse(building, database=database, **{whose: limits}) for database in (None, other)]
        with ThreadPoolExecutor(10) as pool:
            took = list(pool.map(lambda n, own=purses: own[n % 2].reserve(CALL), range(AT_ONCE)))
        assert sum(isinstance(each, Reservation) for each in took) == 7, (whose, limits)
        assert {each.whose for each in took if isinstance(each, Spent)} == {whose}
        assert used(building) == Use(7, 6_300, 700, 0, 7 * COST), "exactly what was handed out"
    other.close()


def test_settling_at_once_loses_nothing(building: Building) -> None:
    mine = purse(building)
    took = [mine.reserve(CALL) for _ in range(20)]
    with ThreadPoolExecutor(10) as pool:
        list(pool.map(lambda each: mine.settle(each, Use(tokens_in=10, tokens_out=3)), took))
    assert used(building) == Use(20, 200, 60, 0, 20 * (10 * 3 + 3 * 15))


def test_a_restart_gives_nothing_back(building: Building) -> None:
    """What a process took and died with stays taken in the next one, until the day is over."""
    tight = Limits(2, 10**9, 10**9)
    assert isinstance(purse(building, account=tight).reserve(CALL), Reservation)
    again = build_house(building.settings, clock=building.clock, gateway=building.gateway, model=Scripted(told("x")))
    after = AccountPurse(
        replace(again, allowances=Allowances(tight, ROOMY, PRICE)), building.person("ada").id, is_guest=False
    )
    assert isinstance(after.reserve(CALL), Reservation) and isinstance(after.reserve(CALL), Spent)
    building.clock.move(hours=12)
    assert isinstance(after.reserve(CALL), Reservation)
    again.database.close()


def test_new_guests_do_not_use_up_the_customers_day(empty_building: Building) -> None:
    model = Scripted(told("I listen."), streams=False)
    loaded = LoadedModel(model, True, "scripted", standby=embedded())
    building = hostile(empty_building, model=loaded, day_calls=4, shop_day_calls=12)
    street = Street.before(building)
    for n in range(12):
        say(street.browser(f"198.51.100.{n}"), "hello")
    asked = len(model.seen)
    assert asked == 6, "half of the day, however many guests come"
    assert entries(building, "allowance.spent")[-1].facts()["why"] == "guests-calls"
    page = answered(street.signed_in("ada"), "hello")
    assert len(model.seen) == 7 and "I listen." in page


def test_nobody_uses_up_the_embedded_model_for_others(empty_building: Building) -> None:
    """It costs nothing, so it is taken from each account's own day alone, however much strangers have asked."""
    model = Scripted(told("I listen."))
    building = hostile(empty_building, model=model, day_calls=4, shop_day_calls=4)
    street = Street.before(building)
    for n in range(6):
        say(street.browser(f"198.51.100.{n}"), "hello")
    assert "I listen." in answered(street.signed_in("ada"), "hello") and len(model.seen) == 7


def test_a_spent_day_is_said_kindly_noted_once_and_ends_at_midnight(empty_building: Building) -> None:
    model = Scripted(told("I listen."))
    building = hostile(empty_building, model=model, day_calls=2)
    ada = Street.before(building).signed_in("ada")
    for _ in range(4):
        page = answered(ada, "tell me your darkest secret")
    assert len(model.seen) == 2 and page.count("used up all that I may do for one person in a day") == 1
    assert "a person can help" in page and "Talk to a person" in page
    (noted,) = entries(building, "allowance.spent")
    assert noted.account_id == building.person("ada").id and noted.facts()["why"] == "account-calls"
    assert "darkest" not in str(noted.body)
    assert "was used up" in ada.get("/account/activity").text
    assert ada.get("/health").json()["assistant"]["day"] == "ok", "one account is not the shop"
    building.clock.move(hours=13)
    answered(Street.before(building).signed_in("ada"), "hello")
    assert len(model.seen) == 3


def test_a_person_is_reached_on_a_spent_day(empty_building: Building) -> None:
    """By the button and by words: neither needs a model that may be called."""
    building = hostile(empty_building, model=embedded(), day_calls=1)
    street = Street.before(building)
    ada, ben = street.signed_in("ada"), street.signed_in("ben")
    answered(ada, "hello")
    page = answered(ada, "I want to talk to a person")
    assert "waits for a person" in page or "A person" in page
    answered(ben, "hello")
    assert "used up" in answered(ben, "where is my order?")
    key = answered_at(ben, "hello").rpartition("/")[2]
    assert ben.post("/chat/person", data={"conversation": key}).status_code in {200, 303}
    with building.house.database.read(Scope.house("a test looks at the queue")) as session:
        waiting = [body for body in entries(building, "command.verified") if body.facts()["action"] == "AskForPerson"]
        assert {entry.account_id for entry in waiting} == {building.person("ada").id, building.person("ben").id}
        assert {row.calls for row in session.query(AccountDay)} == {1}, "and it used nothing of the day"


def test_a_hosted_model_costs_no_more_than_the_day_allows(empty_building: Building) -> None:
    """The shop's whole money for the day, then the embedded model: no further call leaves, and the customer is told."""
    hosted = Scripted(told("The larger model."), streams=False)
    loaded = LoadedModel(hosted, True, "scripted", standby=embedded())
    money = {"day_money": "0.50", "shop_day_money": "0.50", "model_price_in": "20", "model_price_out": "20"}
    building = hostile(empty_building, model=loaded, **money)
    street = Street.before(building)
    pages = [answered(street.signed_in(name), "hello") for name in ("ada", "ben") for _ in range(4)]
    assert 1 <= len(hosted.seen) < 8 and "The larger model is used up for today" in pages[-1]
    assert used(building).cost_micro <= 500_000
    assert used(building).calls == len(hosted.seen), "the embedded model takes nothing of the shop's"
    with building.house.database.read(Scope.house("a test looks")) as session:
        day = use_of_day(session, building.clock(), allowances=building.house.allowances)
    assert sum(account.calls for account in day.largest) == 8, "and everybody was answered"


def test_what_a_guest_is_not_shown_is_refused_and_told(empty_building: Building) -> None:
    """A hostile model calls it all the same: the gate refuses before the desk, and the desk would have."""
    tried = told("", ("cancel_order", {"order": ADAS_PAID}), ("list_orders", {}))
    building = hostile(empty_building, tried, told("Nothing to be done."))
    answered(Street.before(building).browser(), f"cancel {ADAS_PAID}")
    refusals = [(entry.facts()["why"], entry.facts()["tool"]) for entry in entries(building, "tool.refused")]
    assert refusals == [("hidden-tool", "cancel_order"), ("hidden-tool", "list_orders")]
    assert building.order(ADAS_PAID).status == "paid" and not entries(building, "command.proposed")


def test_a_guest_who_has_spent_it_gets_a_day_of_their_own_by_signing_in(building: Building) -> None:
    """An account's day is the account's: neither does a guest's use follow, nor can it be shed by signing out."""
    with building.house.database.begin(Scope.house("a guest comes in")) as session:
        guest: UUID = open_account(session, building.house.vault, role=Role.GUEST, now=building.clock()).id
    tight = Limits(1, 10**9, 10**9)
    theirs = replace(purse(building, account=tight), account_id=guest, is_guest=True)
    assert isinstance(theirs.reserve(CALL), Reservation) and isinstance(theirs.reserve(CALL), Spent)
    ada = purse(building, account=tight)
    assert isinstance(ada.reserve(CALL), Reservation) and isinstance(ada.reserve(CALL), Spent)


def answered_at(browser: Any, message: str) -> str:
    """Where the conversation is in which a message was answered."""
    answer = say(browser, message)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"].partition("#")[0])


def answered(browser: Any, message: str) -> str:
    """The page of the conversation after a message was answered."""
    return str(browser.get(answered_at(browser, message)).text)
