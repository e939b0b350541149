"""The personal values the shop keeps of an account, opened for one turn so that they can be held back from a model.

They are looked up anew for each turn and stored nowhere.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.vault import Vault
from shop.addresses import SEALED, Address, find_addresses
from shop.orders import Order

NEWEST_ORDERS = 20  # an order keeps a copy of an address that may be gone from the account


@dataclass(frozen=True, slots=True)
class Personal:
    """What names or places a person, each value once. It does not show itself when a turn is written to a log."""

    names: tuple[str, ...] = field(default=(), repr=False)
    emails: tuple[str, ...] = field(default=(), repr=False)
    streets: tuple[str, ...] = field(default=(), repr=False)
    postcodes: tuple[str, ...] = field(default=(), repr=False)
    cities: tuple[str, ...] = field(default=(), repr=False)
    labels: tuple[str, ...] = field(default=(), repr=False)


NOBODY = Personal()


def find_personal(session: Session, vault: Vault, account_id: UUID) -> Personal:
    """The values of this account: its own, those of its addresses, and of the copies its newest orders keep."""
    account = find_account(session, account_id)
    if account is None:
        return NOBODY
    newest = select(Order).where(Order.account_id == account_id).order_by(Order.placed_at.desc()).limit(NEWEST_ORDERS)
    places = [*find_addresses(session, account_id), *session.scalars(newest)]
    columns = {column: _opened(session, vault, places, column) for column in SEALED}
    return Personal(
        names=_each_once((vault.open(session, account, "name"), *columns["recipient"])),
        emails=_each_once((vault.open(session, account, "email"),)),
        streets=_each_once(columns["street"]),
        postcodes=_each_once(columns["postcode"]),
        cities=_each_once(columns["city"]),
        labels=_each_once(columns["label"]),
    )


def _opened(session: Session, vault: Vault, places: Iterable[Address | Order], column: str) -> list[str]:
    return [vault.open(session, place, column) for place in places]


def _each_once(values: Iterable[Any]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(" ".join(str(value).split()) for value in values if str(value).strip()))
