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
from shop.carrier_notes import carrier_rooms
from shop.case_views import case_view_rooms
from shop.catalogue import catalogue_rooms
from shop.chats import chat_rooms
from shop.claims import claim_rooms
from shop.deciding import deciding_rooms
from shop.exchanges import exchange_rooms
from shop.keeping import everything_kept
from shop.leaving import PostLastLetter, leaving_rooms
from shop.letters import LetterHead
from shop.order_papers import paper_rooms
from shop.order_views import looking_rooms
from shop.payments import PaymentGateway
from shop.placing import placing_rooms
from shop.preferences import preference_rooms
from shop.privacy import privacy_rooms
from shop.ratings import rating_rooms
from shop.recharging import recharging_rooms
from shop.recommending import advice_rooms
from shop.refunds import refund_rooms
from shop.rehearsing import rehearsing_rooms
from shop.reordering import reordering_rooms
from shop.requests import request_rooms
from shop.returns import return_rooms
from shop.reviews import review_rooms
from shop.rules import rule_rooms
from shop.security import SignIn, security_rooms
from shop.sending import sending_rooms
from shop.support import support_rooms
from shop.swapping import swapping_rooms
from shop.switching import AssistantParts, switching_rooms
from shop.taking_back import taking_back_rooms
from shop.wallet import wallet_rooms


def rooms(
    vault: Vault,
    gateway: PaymentGateway,
    *,
    clock: Callable[[], datetime],
    sign_in: SignIn,
    post: PostLastLetter,
    head: LetterHead | None = None,
    rates: ShippingRates | None = None,
    assistant: AssistantParts | None = None,
    rehearses: bool = False,
) -> tuple[Room[Any], ...]:
    """All rooms of the house, for the desk. ``sign_in`` and ``post`` are what they may ask of the floor below,
    ``assistant`` says what of the assistant can be stopped by itself, and ``rehearses`` that the shop is a demo or in
    staging."""
    parcel, letters = rates or ShippingRates(), head or LetterHead()
    kept, parts = everything_kept(sign_in), assistant or AssistantParts()
    return (
        *catalogue_rooms(),
        *advice_rooms(),
        *review_rooms(vault),
        *rule_rooms(),
        *basket_rooms(parcel),
        *placing_rooms(vault, gateway, parcel),
        *looking_rooms(vault, clock),
        *paper_rooms(vault, clock),
        *reordering_rooms(clock),
        *cancelling_rooms(vault, gateway, clock),
        *swapping_rooms(gateway, clock),
        *recharging_rooms(gateway, clock),
        *refund_rooms(vault, gateway, clock),
        *return_rooms(vault, gateway, clock),
        *exchange_rooms(vault, gateway, clock),
        *claim_rooms(vault, clock),
        *deciding_rooms(vault, gateway, clock),
        *case_view_rooms(vault),
        *carrier_rooms(vault, clock),
        *sending_rooms(vault, clock, letters),
        *address_rooms(vault),
        *wallet_rooms(gateway),
        *taking_back_rooms(clock),
        *preference_rooms(),
        *security_rooms(sign_in, clock),
        *privacy_rooms(sign_in, kept=kept, clock=clock),
        *leaving_rooms(vault, sign_in, kept=kept, post=post, head=letters, clock=clock),
        *support_rooms(vault, parts.models),
        *chat_rooms(vault),
        *rating_rooms(vault),
        *request_rooms(),
        *switching_rooms(vault, parts),
        *rehearsing_rooms(rehearses=rehearses),
    )
