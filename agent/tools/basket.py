"""Tools for the basket: look into it, put something in, change how many, and prepare the order of what is in it."""

from typing import Annotated, Any

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, asked, changed, refusal, written
from agent.tools.catalogue import variant_rows
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import AddToBasket, ChangeBasketLine, PlaceOrder, ShowBasket, ShowProduct
from shop.views import BasketView, ProductView, VariantView


@tool
def add_to_basket(
    product: Annotated[str, "The product's handle or name"],
    runtime: ToolRuntime[Turn],
    variant: Annotated[str | None, "The option's sku or name; needed when there are several"] = None,
    quantity: Annotated[int, "How many"] = 1,
) -> str:
    """Put a product into the customer's basket."""
    turn = runtime.context
    seen: list[ProductView] = []

    def look(view: Any) -> Answer:
        seen.append(view)
        return {}

    answer = asked(turn, ShowProduct, {"product": product}, look)
    if not seen:
        return written(answer)
    fitting = _fitting(seen[0], variant)
    if len(fitting) != 1:
        return written(_which(seen[0]))
    added = asked(turn, AddToBasket, {"sku": fitting[0].sku, "quantity": quantity}, changed)
    return written({**added, "name": seen[0].name, "variant": fitting[0].option})


@tool
def show_basket(runtime: ToolRuntime[Turn]) -> str:
    """Look at what is in the customer's basket."""
    return ask(runtime.context, ShowBasket, {}, _basket)


@tool
def change_basket(
    sku: Annotated[str, "The sku of a line of the basket, as show_basket names it"],
    quantity: Annotated[int, "How many there shall be; 0 takes it out"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Change how many of something are in the customer's basket, or take it out."""
    return ask(runtime.context, ChangeBasketLine, {"sku": sku, "quantity": quantity}, changed)


@tool
def place_order(
    address: Annotated[str, "The handle of one of the customer's own addresses, like address:home"],
    payment: Annotated[str, "The handle of one of the customer's own payment methods, like card:visa-4242"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare the order of everything in the basket. The customer sees goods, total, address and card, and confirms
    it."""
    return ask(runtime.context, PlaceOrder, {"address": address, "payment": payment}, changed)


def _fitting(view: ProductView, variant: str | None) -> list[VariantView]:
    if variant is None:
        return list(view.variants)
    wanted = " ".join(variant.split()).casefold()
    by_sku = [v for v in view.variants if v.sku.casefold() == wanted]
    by_name = [v for v in view.variants if v.option.casefold() == wanted]
    by_colour = [v for v in view.variants if v.colour.casefold() == wanted]
    return by_sku or by_name or by_colour


def _which(view: ProductView) -> Answer:
    product = {"handle": view.handle, "name": view.name, "variants": variant_rows(view)}
    return {**refusal("There are several options. Which one should it be?", "variant-needed"), "product": product}


def _basket(view: BasketView) -> Answer:
    lines = [
        {"sku": line.sku, "name": line.name, "variant": line.option, "quantity": line.quantity}
        | {"price": str(line.price), "total": str(line.total)}
        for line in view.lines
    ]
    sums = {"goods": str(view.goods), "shipping": str(view.shipping), "total": str(view.total)}
    return {"basket": {"items": lines, **(sums if lines else {})}, "count": view.count}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (add_to_basket, AddToBasket),
    (show_basket, ShowBasket),
    (change_basket, ChangeBasketLine),
    (place_order, PlaceOrder),
)
