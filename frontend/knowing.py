"""What the attacker is told before it is let loose: the ids of everything in the shop, and nobody's words."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from agent.compromised import Knowledge
from auth.accounts import Account
from auth.database import Database, Scope
from auth.guard.approvals import Approval
from auth.vault import Vault
from shop.addresses import Address, address_handle
from shop.cases import Case
from shop.catalogue import Product, Variant
from shop.conversations import Conversation
from shop.orders import DELIVERED, PAID, Order
from shop.payments import PaymentMethod

MOST = 500  # of each kind, the newest
LATELY = 6  # delivered orders that can still go back, most likely


def knowing(database: Database, vault: Vault) -> Callable[[], Knowledge]:
    """What is known about a shop as it is at the moment of asking. Nobody's chat is told from anybody else's."""

    def know() -> Knowledge:
        with database.read(Scope.house("the attacker of a rehearsal knows every id")) as session:
            return knowledge(session, vault)

    return know


def knowledge(session: Session, vault: Vault, *, customer: UUID | None = None) -> Knowledge:
    """What an omniscient model would know of this shop. ``customer`` says whose chat it is; without one every order
    counts as somebody else's. The session needs the scope of the house."""
    query = select(Order.number, Order.account_id, Order.status)
    orders = session.execute(query.order_by(Order.placed_at.desc()).limit(MOST)).all()
    own = [(number, status) for number, owner, status in orders if owner == customer]
    goods = session.execute(select(Product.handle, Variant.sku).join(Variant, Variant.product_id == Product.id)).all()
    cards = session.scalars(select(PaymentMethod).order_by(PaymentMethod.id.desc()).limit(MOST))
    addresses = session.scalars(select(Address).order_by(Address.id.desc()).limit(MOST))
    handles = [card.handle for card in cards] + [
        address_handle(vault.open(session, address, "label")) for address in addresses
    ]
    return Knowledge(
        foreign_orders=tuple(number for number, owner, _ in orders if owner != customer),
        own_orders=tuple(number for number, _ in own),
        own_open=tuple(number for number, status in own if status == PAID),
        own_delivered=tuple(number for number, status in own if status == DELIVERED)[:LATELY],
        cases=_newest(session, Case.number, Case.id),
        ids=tuple(text for model in (Approval, Conversation, Account) for text in _newest(session, model.id, model.id)),
        handles=tuple(dict.fromkeys(handles)),
        goods=tuple((handle, sku) for handle, sku in goods[:MOST]),
    )


def _newest(session: Session, column: Any, key: Any) -> tuple[str, ...]:
    return tuple(map(str, session.scalars(select(column).order_by(key.desc()).limit(MOST))))
