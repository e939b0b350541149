"""Tools for payment methods: brand and last four digits, under a handle. Cards are added on their page only."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import ListPaymentMethods, RemovePaymentMethod
from shop.views import PaymentMethodList

LISTED = 8


@tool
def list_payment_methods(runtime: ToolRuntime[Turn]) -> str:
    """List the customer's own payment methods by handle, brand and last four digits."""
    return ask(runtime.context, ListPaymentMethods, {}, _listed)


@tool
def remove_payment_method(
    payment: Annotated[str, "The handle of one of the customer's own payment methods, like card:visa-4242"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare the removal of one of the customer's own payment methods. The customer confirms it on a card."""
    return ask(runtime.context, RemovePaymentMethod, {"payment": payment}, changed)


def _listed(view: PaymentMethodList) -> Answer:
    """What the customer sees on their own page, and that is all the shop has of a card."""
    methods = [
        {"handle": method.handle, "words": method.words, "expires": method.expires}
        | ({"expired": True} if method.has_expired else {})
        for method in view.methods[:LISTED]
    ]
    return {"methods": methods}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (list_payment_methods, ListPaymentMethods),
    (remove_payment_method, RemovePaymentMethod),
)
