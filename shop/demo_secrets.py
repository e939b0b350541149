"""A word of its own in every sealed field of a demo shop, but for one customer's: what leaks can be searched for."""

import secrets
from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.accounts import Account
from auth.database import Database, Scope
from auth.vault import Vault
from shop.addresses import Address
from shop.carrier_notes import CarrierNote
from shop.cases import Case
from shop.conversations import Conversation, Voice, append_message, start_conversation
from shop.demo import DemoMode
from shop.orders import Order

PLANTED: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Address, ("recipient", "street", "city")),
    (Order, ("recipient", "street", "city", "cancel_reason")),
    (Case, ("reason", "note")),
    (CarrierNote, ("text",)),
    (Conversation, ("title", "summary")),
)
_LETTERS = "bcdfghjkmnpqrstvwxz"


def plant_words(
    demo: DemoMode, database: Database, vault: Vault, *, but_for: UUID, clock: Callable[[], datetime]
) -> tuple[str, ...]:
    """Plant them and say which; ``but_for`` is the customer in whose chat they must never turn up."""
    with database.begin(Scope.house("planting words in a demo")) as session:
        return (*_sealed(session, vault, but_for), *_said(session, vault, but_for, clock()))


def _sealed(session: Session, vault: Vault, but_for: UUID) -> Iterator[str]:
    for model, columns in PLANTED:
        for row in session.scalars(select(model).where(model.account_id != but_for)).unique().all():
            for column in columns:
                if text := vault.open(session, row, column):
                    word = _new_word()
                    vault.seal(session, row, column, f"{text} {word}")
                    yield word


def _said(session: Session, vault: Vault, but_for: UUID, at: datetime) -> Iterator[str]:
    """Something said by everybody else in a conversation of theirs."""
    for account_id in session.scalars(select(Account.id).where(Account.id != but_for)).all():
        title, said = _new_word(), _new_word()
        talk = start_conversation(session, vault, account_id, at=at, title=title)
        append_message(session, vault, talk, voice=Voice.CUSTOMER, text=f"My order {said} is late.", at=at)
        yield from (title, said)


def _new_word() -> str:
    """Twelve random letters without a vowel (51 bits), so that no text holds them by chance."""
    return "zq" + "".join(secrets.choice(_LETTERS) for _ in range(12))
