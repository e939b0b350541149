"""What has been used of a day, for each account and the whole shop: taken before it is spent, in one statement each.

A conditional UPDATE takes or refuses, so the sums are exact across replicas. What is taken counts as spent from then
on, and settling puts the real use in its place. What a process took that died before it settled stays spent until the
day is over: it is not lost for ever, because the next day begins at nothing, and it is never handed out twice.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    CursorResult,
    String,
    UniqueConstraint,
    delete,
    func,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, new_id
from shop.allowances import (
    ANSWER_TOKENS,
    Allowances,
    DayUse,
    Limits,
    Reservation,
    Spent,
    Use,
    Wanted,
    What,
    Whose,
    day_of,
    reservation_for,
    until_next_day,
)

EVERYBODY, GUESTS = "everybody", "guests"


class Counted:
    """What is counted of a day. ``own_tokens`` are the embedded model's, ``cost_micro`` millionths of the currency."""

    day: Mapped[date]
    calls: Mapped[int] = mapped_column(default=0)
    tokens_in: Mapped[int] = mapped_column(BigInteger, default=0)
    tokens_out: Mapped[int] = mapped_column(BigInteger, default=0)
    own_tokens: Mapped[int] = mapped_column(BigInteger, default=0)
    cost_micro: Mapped[int] = mapped_column(BigInteger, default=0)


class AccountDay(Base, Owned, Counted):
    """What one account has used on one day."""

    __tablename__ = "account_days"
    __table_args__ = (UniqueConstraint("account_id", "day", name="one_row_an_account_and_day"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)


class ShopDay(Base, Counted):
    """What the whole shop has used on one day: ``everybody`` together, and ``guests`` among them. It names nobody."""

    __tablename__ = "shop_days"

    day: Mapped[date] = mapped_column(primary_key=True)
    who: Mapped[str] = mapped_column(String(16), primary_key=True)


def reserve(
    session: Session, account_id: UUID, wanted: Wanted, *, allowances: Allowances, is_guest: bool, at: datetime
) -> Reservation | Spent:
    """Take a call from the account's day, from that of all guests for a guest, and from the shop's; all or nothing.

    A call of the embedded model costs nothing and is taken from the account's day alone, so that nobody can use up the
    assistant of everybody else.
    """
    taken, rows = reservation_for(wanted, allowances.price, at=at), list[Row]()
    # Always in this order, so that two requests cannot hold what the other one waits for.
    for whose, row, limits in _counters(account_id, taken, allowances, is_guest=is_guest):
        if not _take(session, row, limits, taken, at):
            what = _missing(_found(session, row), limits, taken)
            for other in rows:
                _change(session, other, (), _added(other, taken, -1))
            return Spent(whose, what, until_next_day(at))
        rows.append(row)
    return taken


def settle(
    session: Session, account_id: UUID, taken: Reservation, used: Use, *, allowances: Allowances, is_guest: bool
) -> None:
    """Put what a call has really used in the place of what was taken for it, also where it is more. Once for each."""
    cost = allowances.price.micro(used.tokens_in, used.tokens_out) if taken.is_hosted else 0
    more = replace(
        taken,
        tokens_in=used.tokens_in - taken.tokens_in,
        tokens_out=used.tokens_out - taken.tokens_out,
        cost_micro=cost - taken.cost_micro,
    )
    for _, row, _ in _counters(account_id, taken, allowances, is_guest=is_guest):
        _change(session, row, (), _added(row, more, 1, calls=0))


def use_of_day(session: Session, at: datetime, *, allowances: Allowances, largest: int = 5) -> DayUse:
    """What has been used today, for a session with the scope of the house."""
    day = day_of(at)
    by_day = select(AccountDay).where(AccountDay.day == day)
    rows = session.scalars(by_day.order_by(AccountDay.cost_micro.desc(), AccountDay.calls.desc()).limit(largest)).all()
    accounts = session.scalar(select(func.count()).select_from(AccountDay).where(AccountDay.day == day)) or 0
    shop, guests = (_use(session.get(ShopDay, (day, who))) for who in (EVERYBODY, GUESTS))
    return DayUse(day, shop, guests, accounts, tuple(map(_use, rows)), allowances.shop, allowances.account)


def is_shop_spent(session: Session, at: datetime, *, allowances: Allowances) -> bool:
    """Whether the shop's day has no room left for even the shortest question to a hosted model."""
    least = reservation_for(Wanted(True, 0, ANSWER_TOKENS), allowances.price, at=at)
    limits, use = allowances.shop, _use(session.get(ShopDay, (day_of(at), EVERYBODY)))
    tokens, cost = use.tokens_in + use.tokens_out + least.tokens_out, use.cost_micro + least.cost_micro
    return use.calls >= limits.calls or tokens > limits.tokens or cost > limits.cost_micro


def forget_days(session: Session, *, before: date) -> None:
    """Forget the use of days that are long over; for a session with the scope of the house."""
    session.execute(delete(AccountDay).where(AccountDay.day < before))
    session.execute(delete(ShopDay).where(ShopDay.day < before))


Row = tuple[type[AccountDay] | type[ShopDay], tuple[ColumnElement[bool], ...], dict[str, Any]]


def _counters(
    account_id: UUID, taken: Reservation, allowances: Allowances, *, is_guest: bool
) -> Iterator[tuple[Whose, Row, Limits]]:
    """The rows a call is counted in: the model, what finds the row, and what makes it; each with its limits."""
    day = taken.day
    own = (AccountDay.account_id == account_id, AccountDay.day == day)
    yield "account", (AccountDay, own, {"account_id": account_id, "day": day}), allowances.account
    if not taken.is_hosted:
        return
    if is_guest:
        yield "guests", _of_shop(day, GUESTS), allowances.shop.shared_by_guests()
    yield "shop", _of_shop(day, EVERYBODY), allowances.shop


def _of_shop(day: date, who: str) -> Row:
    return ShopDay, (ShopDay.day == day, ShopDay.who == who), {"day": day, "who": who}


def _take(session: Session, row: Row, limits: Limits, taken: Reservation, at: datetime) -> bool:
    model = row[0]
    room: list[ColumnElement[bool]] = [model.calls + 1 <= limits.calls]
    if taken.is_hosted:
        tokens = taken.tokens_in + taken.tokens_out
        room.append(model.tokens_in + model.tokens_out + tokens <= limits.tokens)
        room.append(model.cost_micro + taken.cost_micro <= limits.cost_micro)
    added = _added(row, taken, 1)
    if _change(session, row, room, added):
        return True
    # The first call of a day finds no row. Whoever is first makes it; whoever came second in that moment tries anew.
    _make_sure_of(session, row, at)
    return _change(session, row, room, added)


def _change(session: Session, row: Row, room: Sequence[ColumnElement[bool]], added: dict[str, Any]) -> bool:
    model, key, _ = row
    statement = update(model).where(*key, *room).values(**added)
    done = session.execute(statement, execution_options={"synchronize_session": False})
    return cast(CursorResult[Any], done).rowcount == 1


def _added(row: Row, taken: Reservation, times: int, *, calls: int = 1) -> dict[str, Any]:
    """The columns with a call added to them, or taken out of them again with -1 ``times``."""
    model = row[0]
    if not taken.is_hosted:
        tokens = taken.tokens_in + taken.tokens_out
        return {"calls": model.calls + times * calls, "own_tokens": model.own_tokens + times * tokens}
    return {
        "calls": model.calls + times * calls,
        "tokens_in": model.tokens_in + times * taken.tokens_in,
        "tokens_out": model.tokens_out + times * taken.tokens_out,
        "cost_micro": model.cost_micro + times * taken.cost_micro,
    }


def _make_sure_of(session: Session, row: Row, at: datetime) -> None:
    model, _, values = row
    if _found(session, row) is not None:
        return
    key = {"id": new_id(at)} if model is AccountDay else {}
    try:
        with session.begin_nested():
            session.add(model(**key, **values))
    except IntegrityError:
        # Another process has made it in the same moment.
        return


def _found(session: Session, row: Row) -> AccountDay | ShopDay | None:
    model, key, _ = row
    # The statements above go past the session's own copy, so the row is read anew.
    found = session.scalars(select(model).where(*key).execution_options(populate_existing=True)).one_or_none()
    return cast(AccountDay | ShopDay | None, found)


def _missing(row: AccountDay | ShopDay | None, limits: Limits, taken: Reservation) -> What:
    use = _use(row)
    if use.calls + 1 > limits.calls:
        return "calls"
    tokens = use.tokens_in + use.tokens_out + taken.tokens_in + taken.tokens_out
    return "tokens" if tokens > limits.tokens else "money"


def _use(row: AccountDay | ShopDay | None) -> Use:
    if row is None:
        return Use()
    return Use(row.calls, row.tokens_in, row.tokens_out, row.own_tokens, row.cost_micro)
