"""The one table: every command of the shop with its finder, its facts, its handler, its effect and its card.

A line here is what makes something possible; what may happen in it is said in ``shop/policy``.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from auth.guard.commands import Effect
from auth.guard.rooms import Room
from auth.vault import Vault
from shop import commands
from shop.addresses import AddressBook
from shop.basket import Filling, ShippingRates
from shop.cancelling import Cancelling, say_cancelled
from shop.catalogue import Shelves
from shop.order_views import OrderDesk
from shop.payments import PaymentGateway
from shop.placing import Placing, say_placed
from shop.refunds import Refunding, say_refunded
from shop.requests import request_rooms
from shop.reviews import review_rooms
from shop.rules import rule_rooms
from shop.sending import Dispatch, Redirecting, say_delivered, say_redirected, say_shipped
from shop.support import support_rooms
from shop.wallet import AddingCard, Wallet, say_added

READ, LIGHT, WRITE = Effect.READ, Effect.LIGHT, Effect.WRITE


def rooms(
    vault: Vault, gateway: PaymentGateway, *, clock: Callable[[], datetime], rates: ShippingRates | None = None
) -> tuple[Room[Any], ...]:
    """All rooms of the house, for the desk."""
    return (
        *looking(vault, clock=clock, rates=rates or ShippingRates()),
        *changing(vault, gateway, clock=clock, rates=rates or ShippingRates()),
        *paying(gateway),
        *clerks(vault, clock=clock),
        *rule_rooms(),
        *review_rooms(vault),
        *support_rooms(vault),
        *request_rooms(),
    )


def looking(vault: Vault, *, clock: Callable[[], datetime], rates: ShippingRates) -> tuple[Room[Any], ...]:
    """The catalogue, the basket, and one's own orders and addresses."""
    shelves, basket, book, orders = Shelves(), Filling(rates), AddressBook(vault), OrderDesk(vault, clock)
    return (
        Room(commands.SearchProducts, READ, shelves.find_shop, shelves.shop_facts, shelves.list_found),
        Room(commands.ShowProduct, READ, shelves.find_named, shelves.product_facts, shelves.show),
        Room(commands.ShowBasket, READ, basket.find_basket, basket.basket_facts, basket.show),
        Room(commands.ListOrders, READ, orders.find_owner, orders.owner_facts, orders.list_all),
        Room(commands.ShowOrder, READ, orders.find_own, orders.order_facts, orders.show_own),
        Room(commands.ListAddresses, READ, book.find_book, book.book_facts, book.list_all),
    )


def changing(
    vault: Vault, gateway: PaymentGateway, *, clock: Callable[[], datetime], rates: ShippingRates
) -> tuple[Room[Any], ...]:
    """The basket, orders, money and addresses."""
    basket, book = Filling(rates), AddressBook(vault)
    placing, cancelling = Placing(vault, gateway, rates), Cancelling(vault, gateway, clock)
    refunding, redirecting = Refunding(vault, gateway, clock), Redirecting(vault, clock)
    return (
        Room(
            commands.AddToBasket,
            LIGHT,
            find=basket.find_variant,
            facts=basket.adding_facts,
            handle=basket.add,
            verify=basket.holds,
            says=lambda result: f"{result['added']} × {result['name']} is in your basket.",
        ),
        Room(
            commands.ChangeBasketLine,
            LIGHT,
            find=basket.find_line,
            facts=basket.changing_facts,
            handle=basket.change,
            verify=basket.holds,
            says=lambda result: "Your basket is changed." if result["quantity"] else "It is out of your basket.",
        ),
        Room(
            commands.PlaceOrder,
            WRITE,
            find=placing.find,
            facts=placing.facts,
            handle=placing.handle,
            verify=placing.verify,
            card=placing.card,
            says=say_placed,
            unminuted=frozenset({"paid_with"}),
            outside=placing,
        ),
        Room(
            commands.CancelOrder,
            WRITE,
            find=cancelling.find,
            facts=cancelling.facts,
            handle=cancelling.handle,
            verify=cancelling.verify,
            card=cancelling.card,
            says=say_cancelled,
            unminuted=frozenset({"paid_with"}),
            outside=cancelling,
        ),
        Room(
            commands.RefundOrder,
            WRITE,
            find=refunding.find,
            facts=refunding.facts,
            handle=refunding.handle,
            verify=refunding.verify,
            card=refunding.card,
            says=say_refunded,
            unminuted=frozenset({"paid_with"}),
            outside=refunding,
        ),
        Room(
            commands.ChangeOrderAddress,
            WRITE,
            find=redirecting.find,
            facts=redirecting.facts,
            handle=redirecting.handle,
            verify=redirecting.verify,
            card=redirecting.card,
            says=say_redirected,
        ),
        Room(
            commands.SaveAddress,
            WRITE,
            find=book.find_same_label,
            facts=book.book_facts,
            handle=book.save,
            verify=book.is_saved,
            card=book.saving_card,
            says=lambda result: "The address is saved.",
        ),
        Room(
            commands.RemoveAddress,
            WRITE,
            find=book.find_own,
            facts=book.removing_facts,
            handle=book.remove,
            verify=book.is_removed,
            card=book.removing_card,
            says=lambda result: "The address is removed. Orders already placed keep theirs.",
        ),
    )


def paying(gateway: PaymentGateway) -> tuple[Room[Any], ...]:
    """The cards an account pays with."""
    wallet, adding = Wallet(), AddingCard(gateway)
    return (
        Room(commands.ListPaymentMethods, READ, wallet.find_cards, wallet.listing_facts, wallet.list_all),
        Room(
            commands.AddPaymentMethod,
            WRITE,
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
            commands.RemovePaymentMethod,
            WRITE,
            find=wallet.find_own,
            facts=wallet.removing_facts,
            handle=wallet.remove,
            verify=wallet.is_removed,
            card=wallet.removing_card,
            says=lambda result: "The card is removed. Money back for what it paid still goes to it.",
        ),
    )


def clerks(vault: Vault, *, clock: Callable[[], datetime]) -> tuple[Room[Any], ...]:
    """Clerks at work on customers' orders."""
    orders, dispatch = OrderDesk(vault, clock), Dispatch(vault, clock)
    return (
        Room(commands.ReadCustomerOrder, READ, orders.find_any, orders.order_facts, orders.show_any),
        Room(
            commands.ShipOrder,
            WRITE,
            find=dispatch.find,
            facts=dispatch.facts,
            handle=dispatch.ship,
            verify=dispatch.is_shipped,
            card=dispatch.shipping_card,
            says=say_shipped,
        ),
        Room(
            commands.MarkDelivered,
            WRITE,
            find=dispatch.find,
            facts=dispatch.facts,
            handle=dispatch.mark_delivered,
            verify=dispatch.is_delivered,
            card=dispatch.delivery_card,
            says=say_delivered,
        ),
    )
