"""Everything that can be asked for, as small frozen types. What a command may do is in ``shop/policy``.

No command names a person: whose account it concerns comes from the actor. Order numbers look like ``HP-7K3M-29QD``,
addresses and payment methods are named by handles (``address:office``, ``card:visa-4242``) that only their owner has.
"""

from shop.commands.account import (
    AddPaymentMethod,
    ListAddresses,
    ListPaymentMethods,
    RemoveAddress,
    RemovePaymentMethod,
    SaveAddress,
)
from shop.commands.basket import AddToBasket, ChangeBasketLine, PlaceOrder, ShowBasket
from shop.commands.catalogue import (
    CompareProducts,
    ReadReviews,
    ReadShopPolicy,
    RecommendProducts,
    SearchProducts,
    ShowProduct,
    WriteReview,
)
from shop.commands.orders import CancelOrder, ChangeOrderAddress, ListOrders, RefundOrder, ShowOrder
from shop.commands.talking import AnswerCustomer, AskForPerson, HandBackConversation, ReadConversation, TakeConversation
from shop.commands.work import MarkDelivered, ReadCustomerOrder, ReadRequest, ShipOrder

__all__ = [
    "AddPaymentMethod",
    "AddToBasket",
    "AnswerCustomer",
    "AskForPerson",
    "CancelOrder",
    "ChangeBasketLine",
    "ChangeOrderAddress",
    "HandBackConversation",
    "CompareProducts",
    "ListAddresses",
    "ListOrders",
    "ListPaymentMethods",
    "MarkDelivered",
    "PlaceOrder",
    "ReadConversation",
    "ReadCustomerOrder",
    "ReadRequest",
    "ReadReviews",
    "ReadShopPolicy",
    "RecommendProducts",
    "RefundOrder",
    "RemoveAddress",
    "RemovePaymentMethod",
    "SaveAddress",
    "SearchProducts",
    "ShipOrder",
    "ShowBasket",
    "ShowOrder",
    "ShowProduct",
    "TakeConversation",
    "WriteReview",
]
