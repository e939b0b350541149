"""Tools for advice: products side by side, and a few that fit, each with the reason that the records give."""

from typing import Annotated

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, refusal, written
from agent.tools.catalogue import bound, product_row
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import CompareProducts, RecommendProducts
from shop.views import Comparison, ProductView, RecommendationList

DETAILS = 8  # lines of a product's figures in a comparison


@tool
def compare_products(
    products: Annotated[list[str], "Two to four products, by handle or name"], runtime: ToolRuntime[Turn]
) -> str:
    """Compare two to four products: price, options, stock, stars and figures side by side."""
    return ask(runtime.context, CompareProducts, {"products": products}, lambda view: _compared(runtime.context, view))


@tool
def recommend_products(
    runtime: ToolRuntime[Turn],
    query: Annotated[str | None, "Words for what it should be or be for"] = None,
    like: Annotated[str | None, "The handle or name of a product that the customer likes already"] = None,
    category: Annotated[str | None, "A category of the shop"] = None,
    max_price: Annotated[str | float | None, "The most it may cost, like 49.90"] = None,
) -> str:
    """Recommend a few products that are in stock, each with a reason from the records. Give the reason as it is."""
    try:
        limit = bound(max_price)
    except ValueError as error:
        return written(refusal(str(error)))
    arguments = {"query": query, "like": like, "category": category, "max_price": limit}
    return ask(runtime.context, RecommendProducts, arguments, lambda view: _recommended(runtime.context, view))


def _compared(turn: Turn, view: Comparison) -> Answer:
    for product in view.products:
        turn.say_card("product", product.handle)
    best = {"cheapest": view.cheapest, "best_rated": view.best_rated, "missing": [name[:80] for name in view.missing]}
    return {"products": [_row(p) for p in view.products], **{name: value for name, value in best.items() if value}}


def _recommended(turn: Turn, view: RecommendationList) -> Answer:
    for found in view.recommendations:
        turn.say_card("product", found.product.handle)
    return {"products": [{**product_row(r.product), "reason": r.reason} for r in view.recommendations]}


def _row(view: ProductView) -> Answer:
    options = [f"{v.option}: {v.price}, {v.stock_word}" for v in view.variants[:8]]
    details = {label[:60]: value[:120] for label, value in view.details[:DETAILS]}
    reviews = {"reviews": view.review_count} if view.review_count else {}
    return {**product_row(view), **reviews, "summary": view.summary[:300], "options": options, "details": details}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (compare_products, CompareProducts),
    (recommend_products, RecommendProducts),
)
