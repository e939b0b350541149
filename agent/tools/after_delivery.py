"""Tools for what comes after delivery: sending back, exchanging, claiming, and asking where the money is.

Each change is parked for the customer's signature; what a clerk or a customer wrote in a case stays on its page.
"""

from typing import Annotated, Literal

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.case_views import CaseList, CaseView
from shop.commands import ClaimWarranty, ExchangeItem, RefundStatus, ReportParcel, ReturnItems

LISTED = 10
CARDS = 3

Number = Annotated[str, "The order's number, like HP-7K3M-29QD"]
Items = Annotated[list[int] | None, "Line numbers of the order; none for everything in it"]


@tool
def return_items(
    order: Number,
    reason: Annotated[str, "Why, in the customer's words"],
    runtime: ToolRuntime[Turn],
    items: Items = None,
) -> str:
    """Prepare sending things of a delivered order back. The money goes back when the parcel has arrived. The shop works
    out the amount; the customer confirms it on a card."""
    return ask(runtime.context, ReturnItems, {"order": order, "reason": reason, "lines": items}, changed)


@tool
def exchange_item(
    order: Number,
    line: Annotated[int, "The line number of the thing in the order"],
    sku: Annotated[str, "The SKU of the other option of the same product, as show_product gives it"],
    reason: Annotated[str, "Why, in the customer's words"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare exchanging one thing of a delivered order for another option of the same product. The shop works out the
    difference in price; the customer confirms it on a card."""
    return ask(runtime.context, ExchangeItem, {"order": order, "line": line, "sku": sku, "reason": reason}, changed)


@tool
def refund_status(
    runtime: ToolRuntime[Turn],
    order: Annotated[str | None, "The order's number; none for all of the customer's"] = None,
) -> str:
    """Look at what has become of the customer's returns, exchanges, refunds, warranty claims and parcel reports."""
    return ask(runtime.context, RefundStatus, {"order": order}, lambda view: _listed(runtime.context, view))


@tool
def claim_warranty(
    order: Number,
    line: Annotated[int, "The line number of the thing in the order"],
    problem: Annotated[str, "What is wrong with it, in the customer's words"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Prepare a warranty claim for one thing of a delivered order. The customer confirms it on a card, and a clerk
    decides on it."""
    return ask(runtime.context, ClaimWarranty, {"order": order, "line": line, "problem": problem}, changed)


@tool
def report_parcel(
    order: Number,
    problem: Annotated[Literal["missing", "damaged"], "Which of the two"],
    what: Annotated[str, "What is missing or damaged, in the customer's words"],
    runtime: ToolRuntime[Turn],
    items: Items = None,
) -> str:
    """Prepare a report that a parcel, or something in it, is missing or came damaged. The customer confirms it on a
    card, and a clerk decides on it."""
    asked = {"order": order, "problem": problem, "what": what, "lines": items}
    return ask(runtime.context, ReportParcel, asked, changed)


def _listed(turn: Turn, view: CaseList) -> Answer:
    for order in list(dict.fromkeys(case.order for case in view.cases))[:CARDS]:
        turn.say_card("order", order)
    return {"cases": [_row(case) for case in view.cases[:LISTED]], "count": len(view.cases)}


def _row(case: CaseView) -> Answer:
    """No reason and no note: those are people's own words, and the page has them."""
    amount = {} if case.amount is None else {"amount": str(case.amount)}
    opened = f"{case.opened_at.day} {case.opened_at:%b %Y}"
    state = {"status": case.status, "status_word": case.status_word}
    row = {"number": case.number, "order": case.order, "kind": case.kind, **state, **amount}
    return {**row, "opened": opened, "items": [*case.items]}


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (return_items, ReturnItems),
    (exchange_item, ExchangeItem),
    (refund_status, RefundStatus),
    (claim_warranty, ClaimWarranty),
    (report_parcel, ReportParcel),
)
