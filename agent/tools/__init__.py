"""Everything the assistant can do: each tool asks the desk for a command, and none takes a customer as an argument."""

from collections.abc import Mapping
from types import MappingProxyType

from langchain_core.tools import BaseTool

from agent.tools.addresses import list_addresses
from agent.tools.basket import add_to_basket, show_basket
from agent.tools.catalogue import read_reviews, search_products, show_product
from agent.tools.orders import cancel_order, change_order_address, list_orders, refund_order, show_order
from agent.tools.people import ask_for_person
from agent.tools.rules import read_policy
from auth.guard.commands import Command
from shop import commands

TOOLS: tuple[BaseTool, ...] = (
    search_products,
    show_product,
    read_reviews,
    add_to_basket,
    show_basket,
    list_orders,
    show_order,
    cancel_order,
    refund_order,
    change_order_address,
    list_addresses,
    read_policy,
    ask_for_person,
)

COMMANDS: Mapping[str, type[Command]] = MappingProxyType(
    {
        "search_products": commands.SearchProducts,
        "show_product": commands.ShowProduct,
        "read_reviews": commands.ReadReviews,
        "add_to_basket": commands.AddToBasket,
        "show_basket": commands.ShowBasket,
        "list_orders": commands.ListOrders,
        "show_order": commands.ShowOrder,
        "cancel_order": commands.CancelOrder,
        "refund_order": commands.RefundOrder,
        "change_order_address": commands.ChangeOrderAddress,
        "list_addresses": commands.ListAddresses,
        "read_policy": commands.ReadShopPolicy,
        "ask_for_person": commands.AskForPerson,
    }
)
