"""One's own payment cards: list, add, remove. The shop is handed a reference and asks the gateway what card it is.

The gateway is outside, so a card is added in two transactions with the question between them. Cards whose answer is
still on its way count as kept, so that the ceiling holds however many are asked for at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth.actor import Actor
from auth.database import new_id
from auth.guard.commands import Effect, Json, action
from auth.guard.grants import CLAIMED, Grant, GrantRow
from auth.guard.judge import Entity
from auth.guard.rooms import Card, Declined, Facts, Room, Settled, Settlement
from shop.card_details import read_card
from shop.commands import AddPaymentMethod, ListPaymentMethods, RemovePaymentMethod
from shop.payments import (
    CARD_EXPIRED,
    PaymentGateway,
    PaymentMethod,
    find_payment_method,
    find_payment_methods,
    has_expired,
    payment_method_view,
)
from shop.views import PaymentMethodList

KEPT_ALREADY = "This card is in your account already. Remove it first if you want to add it anew."


def wallet_rooms(gateway: PaymentGateway) -> tuple[Room[Any], ...]:
    """The rooms of this file."""
    wallet, adding = Wallet(), AddingCard(gateway)
    return (
        Room(ListPaymentMethods, Effect.READ, wallet.find_cards, wallet.listing_facts, wallet.list_all),
        Room(
            AddPaymentMethod,
            Effect.WRITE,
            find=adding.find,
            facts=adding.facts,
            handle=adding.handle,
            verify=adding.verify,
            card=adding.card,
            says=say_added,
            unminuted=frozenset({"card"}),
            outside=adding,
        ),
        Room(
            RemovePaymentMethod,
            Effect.WRITE,
            find=wallet.find_own,
            facts=wallet.removing_facts,
            handle=wallet.remove,
            verify=wallet.is_removed,
            card=wallet.removing_card,
            says=lambda result: "The card is removed. Money back for what it paid still goes to it.",
        ),
    )


@dataclass(frozen=True, slots=True)
class Cards:
    """An account's own cards by their handles, and how many are being added at this moment."""

    account_id: UUID | None
    kept: tuple[str, ...] = ()
    under_way: int = 0

    @property
    def resource(self) -> Entity:
        owner = str(self.account_id or "nobody")
        return Entity("Account", owner, {"owner": owner})


@dataclass(frozen=True, slots=True)
class Wallet:
    """Listing and removing one's own cards."""

    # ListPaymentMethods

    def find_cards(self, session: Session, actor: Actor, command: ListPaymentMethods) -> Cards:
        return Cards(actor.account_id)

    def listing_facts(self, session: Session, actor: Actor, command: ListPaymentMethods, cards: Cards) -> Facts:
        return Facts(cards.resource)

    def list_all(self, session: Session, grant: Grant[ListPaymentMethods]) -> PaymentMethodList:
        methods = find_payment_methods(session, grant.actor.account_id)
        return PaymentMethodList(tuple(payment_method_view(method, grant.at) for method in methods))

    # RemovePaymentMethod

    def find_own(self, session: Session, actor: Actor, command: RemovePaymentMethod) -> PaymentMethod | None:
        method = find_payment_method(session, actor.account_id, command.payment)
        if method is not None:
            session.refresh(method, with_for_update=True)
        return method

    def removing_facts(
        self, session: Session, actor: Actor, command: RemovePaymentMethod, method: PaymentMethod
    ) -> Facts:
        resource = Entity("PaymentMethod", str(method.id), {"owner": str(method.account_id)})
        return Facts(resource, snapshot={"card": [str(method.id), method.words]})

    def removing_card(self, session: Session, command: RemovePaymentMethod, method: PaymentMethod) -> Card:
        return Card(f"Remove the payment card {method.words}", (("Valid to", method.expires),))

    def remove(self, session: Session, grant: Grant[RemovePaymentMethod]) -> Mapping[str, Json]:
        method = find_payment_method(session, grant.account_id, grant.command.payment)
        if method is None:
            raise LookupError("the card was there a moment ago")
        session.delete(method)
        return {"payment": str(method.id)}

    def is_removed(self, session: Session, grant: Grant[RemovePaymentMethod], result: Mapping[str, Json]) -> bool:
        return find_payment_method(session, grant.account_id, grant.command.payment) is None


@dataclass(frozen=True, slots=True)
class AddingCard:
    """The room of :class:`~shop.commands.AddPaymentMethod`, and its question to the payment gateway."""

    gateway: PaymentGateway = field(repr=False)

    def find(self, session: Session, actor: Actor, command: AddPaymentMethod) -> Cards:
        kept = tuple(method.handle for method in find_payment_methods(session, actor.account_id))
        return Cards(actor.account_id, kept, _under_way(session, actor.account_id))

    def facts(self, session: Session, actor: Actor, command: AddPaymentMethod, cards: Cards) -> Facts:
        return Facts(cards.resource, {"cards_kept": len(cards.kept) + cards.under_way})

    def card(self, session: Session, command: AddPaymentMethod, cards: Cards) -> Card:
        return Card("Keep the payment card you have just chosen", (("Cards you keep now", str(len(cards.kept))),))

    def prepare(self, session: Session, grant: Grant[AddPaymentMethod]) -> Mapping[str, Json]:
        """Nothing is reserved: the claim itself counts as a card. What is kept by now decides what is a duplicate."""
        kept = self.find(session, grant.actor, grant.command).kept
        return {"reference": grant.command.reference, "kept": [*kept], "at": grant.at.isoformat()}

    def call(self, key: str, request: Mapping[str, Json]) -> Settlement:
        card = self.gateway.describe(key, str(request["reference"]))
        if isinstance(card, Declined):
            return card
        if has_expired(card, datetime.fromisoformat(str(request["at"]))):
            return Declined(CARD_EXPIRED)
        kept = request["kept"]
        is_kept = isinstance(kept, list) and card.handle in kept
        return Declined(KEPT_ALREADY) if is_kept else Settled(card.written())

    def handle(self, session: Session, grant: Grant[AddPaymentMethod]) -> Mapping[str, Json]:
        """Keep the card. Where the same one came in while the gateway was asked, its token and expiry are renewed."""
        card = read_card(grant.settlement or "")
        method = find_payment_method(session, grant.account_id, card.handle)
        if method is None:
            method = PaymentMethod(id=new_id(grant.at), account_id=grant.account_id)
            method.brand, method.last4 = card.brand, card.last4
            session.add(method)
        method.token, method.expires = card.token, card.expires
        return {"payment": str(method.id), "card": method.words}

    def verify(self, session: Session, grant: Grant[AddPaymentMethod], result: Mapping[str, Json]) -> bool:
        card = read_card(grant.settlement or "")
        method = find_payment_method(session, grant.account_id, card.handle)
        return method is not None and (method.token, method.expires) == (card.token, card.expires)

    def release(self, session: Session, grant: Grant[AddPaymentMethod]) -> None:
        """The gateway said no, and there is nothing to give back."""


def say_added(result: Mapping[str, Json]) -> str:
    return f"{result['card']} is kept in your account."


def _under_way(session: Session, account_id: UUID | None) -> int:
    """How many cards the account is adding whose gateway has not answered yet."""
    if account_id is None:
        return 0
    waiting = select(func.count()).where(
        GrantRow.account_id == account_id, GrantRow.action == action(AddPaymentMethod), GrantRow.state == CLAIMED
    )
    return session.scalar(waiting) or 0
