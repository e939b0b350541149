"""What the models used of a day: taken before, settled after, by account, by guests together, and by the whole shop."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from auth.actor import Role
from auth.database import OutOfScope, Scope
from shop.allowances import (
    ANSWER_TOKENS,
    Allowances,
    DayUse,
    Limits,
    Price,
    Reservation,
    Spent,
    Use,
    Wanted,
    until_next_day,
)
from shop.days_used import AccountDay, forget_days, is_shop_spent, reserve, settle, use_of_day
from shop.money import Money
from tests.small_house import SmallHouse

HOSTED, OWN = Wanted(True, 1000, 200), Wanted(False, 90, 10)
PRICE = Price(Decimal("3"), Decimal("15"))
COST = 1000 * 3 + 200 * 15  # micro-euro of HOSTED
ROOMY = Limits(100, 1_000_000, 100_000_000)
PLENTY = Allowances(ROOMY, ROOMY, PRICE)


def take(
    small: SmallHouse, who: UUID, wanted: Wanted = HOSTED, *, of: Allowances = PLENTY, is_guest: bool = False
) -> Reservation | Spent:
    with small.database.begin(Scope.own(who)) as session:
        return reserve(session, who, wanted, allowances=of, is_guest=is_guest, at=small.clock())


def put_right(small: SmallHouse, who: UUID, taken: Reservation | Spent, used: Use, *, is_guest: bool = False) -> None:
    assert isinstance(taken, Reservation)
    with small.database.begin(Scope.own(who)) as session:
        settle(session, who, taken, used, allowances=PLENTY, is_guest=is_guest)


def today(small: SmallHouse) -> DayUse:
    with small.database.read(Scope.house("a test looks")) as session:
        return use_of_day(session, small.clock(), allowances=PLENTY)


def somebody(small: SmallHouse, role: Role = Role.CUSTOMER) -> UUID:
    account = small.person(role).account_id
    assert account is not None
    return account


def test_what_is_taken_counts_at_once_and_what_was_used_stands_there_afterwards(small: SmallHouse) -> None:
    ada = somebody(small)
    taken = take(small, ada)
    assert taken == Reservation(small.clock().date(), True, 1000, 200, COST)
    assert today(small).shop == Use(1, 1000, 200, 0, COST), "before it is spent"
    put_right(small, ada, taken, Use(tokens_in=700, tokens_out=900))
    assert today(small).shop == today(small).largest[0] == Use(1, 700, 900, 0, 700 * 3 + 900 * 15), "less, or more"
    assert today(small).shop.cost == Money(2), "1.56 cents, rounded up"
    assert today(small).guests == Use() and today(small).accounts == 1


def test_the_embedded_model_costs_nothing_and_is_counted(small: SmallHouse) -> None:
    ada = somebody(small)
    put_right(small, ada, take(small, ada, OWN), Use(tokens_in=90, tokens_out=25))
    assert today(small).largest == (Use(1, 0, 0, 115, 0),) and today(small).shop == Use()


@pytest.mark.parametrize(
    ("limits", "what"),
    [
        (replace(ROOMY, calls=2), "calls"),
        (replace(ROOMY, tokens=2 * 1200), "tokens"),
        (replace(ROOMY, tokens=3 * 1200 - 1), "tokens"),
        (replace(ROOMY, cost_micro=2 * COST), "money"),
    ],
)
@pytest.mark.parametrize("whose", ["account", "shop"])
def test_a_call_that_does_not_fit_is_refused_whole(small: SmallHouse, limits: Limits, what: str, whose: str) -> None:
    ada, of = somebody(small), replace(PLENTY, **{whose: limits})
    assert isinstance(take(small, ada, of=of), Reservation) and isinstance(take(small, ada, of=of), Reservation)
    spent = take(small, ada, of=of)
    assert isinstance(spent, Spent) and (spent.whose, spent.what) == (whose, what)
    assert spent.again_in == timedelta(hours=12), "the clock stands at noon"
    assert today(small).largest[0].calls == today(small).shop.calls == 2, "a refused call took nothing anywhere"
    if what != "calls":
        assert isinstance(take(small, ada, OWN, of=of), Reservation), "what costs nothing goes on"
    small.clock.move(hours=12)
    assert isinstance(take(small, ada, of=of), Reservation), "the next day begins at nothing"


def test_one_account_takes_nothing_from_another(small: SmallHouse) -> None:
    ada, ben, of = somebody(small), somebody(small), replace(PLENTY, account=replace(ROOMY, calls=1))
    assert isinstance(take(small, ada, of=of), Reservation) and isinstance(take(small, ada, of=of), Spent)
    assert isinstance(take(small, ben, of=of), Reservation)
    assert today(small).accounts == 2


def test_guests_together_leave_half_of_the_day_to_customers(small: SmallHouse) -> None:
    of = replace(PLENTY, shop=replace(ROOMY, calls=4))
    guests = [somebody(small, Role.GUEST) for _ in range(3)]
    took = [take(small, guest, of=of, is_guest=True) for guest in guests]
    assert [type(each) for each in took] == [Reservation, Reservation, Spent]
    assert isinstance(took[2], Spent) and took[2].code == "guests-calls"
    put_right(small, guests[0], took[0], Use(tokens_in=1, tokens_out=1), is_guest=True)
    assert today(small).guests == Use(2, 1001, 201, 0, COST + 18)
    ada = somebody(small)
    assert [type(take(small, ada, of=of)) for _ in range(3)] == [Reservation, Reservation, Spent]


def test_what_died_unsettled_stays_spent_for_its_day(small: SmallHouse) -> None:
    ada, of = somebody(small), replace(PLENTY, account=replace(ROOMY, tokens=1200))
    left_behind = take(small, ada, of=of)
    assert isinstance(take(small, ada, of=of), Spent)
    small.clock.move(hours=13)
    assert isinstance(take(small, ada, of=of), Reservation)
    put_right(small, ada, left_behind, Use(tokens_in=1, tokens_out=1))
    assert today(small).shop.tokens_in == 1000, "settled late, it gives back to its own day and not to this one"


def test_a_day_belongs_to_its_account_and_is_forgotten_in_the_end(small: SmallHouse) -> None:
    ada, ben = somebody(small), somebody(small)
    take(small, ada)
    with pytest.raises(OutOfScope), small.database.begin(Scope.own(ben)) as session:
        reserve(session, ada, HOSTED, allowances=PLENTY, is_guest=False, at=small.clock())
    with small.database.begin(Scope.house("a test forgets")) as session:
        forget_days(session, before=small.clock().date())
        assert session.query(AccountDay).count() == 1
        forget_days(session, before=(small.clock() + timedelta(days=1)).date())
    assert today(small).shop == Use() and today(small).accounts == 0


def test_the_shops_day_is_told_to_be_spent(small: SmallHouse) -> None:
    ada, once = somebody(small), replace(PLENTY, shop=replace(ROOMY, calls=1))
    # 1,200 tokens are taken by the first call; what is left then is shorter than an answer.
    short = replace(PLENTY, shop=replace(ROOMY, tokens=1200 + ANSWER_TOKENS - 1))
    with small.database.read(Scope.own(None)) as session:
        assert not any(is_shop_spent(session, small.clock(), allowances=of) for of in (once, short, PLENTY))
    take(small, ada)
    with small.database.read(Scope.own(None)) as session:
        assert all(is_shop_spent(session, small.clock(), allowances=of) for of in (once, short))
        assert not is_shop_spent(session, small.clock(), allowances=PLENTY)


def test_a_day_ends_at_midnight_utc_and_prices_are_rounded_up(small: SmallHouse) -> None:
    small.clock.move(hours=11, minutes=59, seconds=59)
    assert until_next_day(small.clock()) == timedelta(seconds=1)
    assert Price(Decimal("0.1"), Decimal("0")).micro(1, 5) == 1
