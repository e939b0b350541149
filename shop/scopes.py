"""What software can be given leave for: each scope, the sentence a customer reads, and the commands it opens.

The policies decide (``shop/policy/software.cedar``); ``tests/promises/test_scopes.py`` holds the two together. Whatever
a scope opens, a change still waits for the customer's own signature on a page.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

# The leave that the shop's own assistant works under, for one turn at a time.
ASSISTANT_SCOPES = ("assistant",)


@dataclass(frozen=True, slots=True)
class ShopScope:
    """``sentence`` completes "It may …" on the page where a customer decides; ``actions`` are commands of the shop."""

    sentence: str
    actions: frozenset[str]


SHOP_SCOPES: Mapping[str, ShopScope] = MappingProxyType(
    {
        "basket": ShopScope(
            "See your basket, put things into it and take them out",
            frozenset({"ShowBasket", "AddToBasket", "ChangeBasketLine"}),
        ),
        "orders:read": ShopScope(
            "See your orders, invoices, parcels and returns",
            frozenset({"ListOrders", "ShowOrder", "TrackOrder", "ShowInvoice", "RefundStatus", "ShowCase"}),
        ),
        "orders:write": ShopScope(
            "Prepare orders, changes, returns and refunds for you to sign, and see which cards you can pay with",
            frozenset(
                {
                    "PlaceOrder",
                    "Reorder",
                    "CancelOrder",
                    "RefundOrder",
                    "ChangeOrderAddress",
                    "ChangeOrderItem",
                    "ChangeOrderPayment",
                    "ReturnItems",
                    "ExchangeItem",
                    "ClaimWarranty",
                    "ReportParcel",
                    "WithdrawCase",
                    "ListPaymentMethods",
                }
            ),
        ),
        "addresses": ShopScope(
            "See your addresses, and prepare changes to them for you to sign",
            frozenset({"ListAddresses", "SaveAddress", "RemoveAddress"}),
        ),
        "activity": ShopScope("Read the record of what was done in your account", frozenset()),
        "assistant": ShopScope(
            "Talk to the shop's assistant for you, which sees your orders and prepares changes for you to sign",
            frozenset({"AskForPerson", "RateAnswer", "RenameConversation", "DeleteConversation", "ExportConversation"}),
        ),
    }
)

SENTENCES: Mapping[str, str] = MappingProxyType({name: scope.sentence for name, scope in SHOP_SCOPES.items()})
