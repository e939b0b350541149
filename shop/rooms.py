"""The one table: every command of the shop with its finder, its facts, its handler, its effect and its card.

Each file exports its rooms; a line here is what makes them possible. What may happen in them is said in
``shop/policy``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from auth.guard.rooms import Room
from auth.vault import Vault
from shop.addresses import address_rooms
from shop.basket import ShippingRates, basket_rooms
from shop.cancelling import cancelling_rooms
from shop.catalogue import catalogue_rooms
from shop.order_views import looking_rooms
from shop.payments import PaymentGateway
from shop.placing import placing_rooms
from shop.recommending import advice_rooms
from shop.refunds import refund_rooms
from shop.requests import request_rooms
from shop.reviews import review_rooms
from shop.rules import rule_rooms
from shop.sending import sending_rooms
from shop.support import support_rooms
from shop.wallet import wallet_rooms


def rooms(
    vault: Vault, gateway: PaymentGateway, *, clock: Callable[[], datetime], rates: ShippingRates | None = None
) -> tuple[Room[Any], ...]:
    """All rooms of the house, for the desk."""
    parcel = rates or ShippingRates()
    return (
        *catalogue_rooms(),
        *advice_rooms(),
        *review_rooms(vault),
        *rule_rooms(),
        *basket_rooms(parcel),
        *placing_rooms(vault, gateway, parcel),
        *looking_rooms(vault, clock),
        *cancelling_rooms(vault, gateway, clock),
        *refund_rooms(vault, gateway, clock),
        *sending_rooms(vault, clock),
        *address_rooms(vault),
        *wallet_rooms(gateway),
        *support_rooms(vault),
        *request_rooms(),
    )
