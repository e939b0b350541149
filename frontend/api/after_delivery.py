"""Returns, exchanges and claims. Like every change of an order they wait for the customer's signature."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from frontend.api import examples
from frontend.api.cursors import LONGEST, Page, paged
from frontend.api.operations import Call, Operation, look
from frontend.api.orders import READ, WRITE
from frontend.api.shapes import Case, Changed
from shop.commands import (
    ClaimWarranty,
    ExchangeItem,
    RefundStatus,
    ReportParcel,
    ReturnItems,
    ShowCase,
    WithdrawCase,
)


class Cases(BaseModel):
    """Which of one's own cases and refunds."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    order: Annotated[str, Field(max_length=20, description="Only those of this order")] = ""
    limit: Annotated[int, Field(ge=1, le=50, description="How many at once")] = 20
    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


def list_cases(call: Call) -> Page[Case]:
    query: Cases = call.query
    found = look(call, call.command(RefundStatus, order=query.order)).cases
    cursors = call.cursors(query.order)
    part, following = paged(cursors, found, key="number", cursor=query.cursor, limit=query.limit)
    return Page(tuple(map(Case.of, part)), following)


def show_case(call: Call) -> Case:
    return Case.of(look(call, call.command(ShowCase)))


def _change(name: str, command: type, path: str, summary: str, *, sends: dict[str, object]) -> Operation:
    return Operation(
        name,
        "POST",
        path,
        "Returns and claims",
        summary,
        Changed,
        examples.CHANGED,
        scopes=WRITE,
        command=command,
        sends=sends,
    )


OPERATIONS = (
    Operation(
        "listCases",
        "GET",
        "/cases",
        "Returns and claims",
        "Returns, exchanges, claims and refunds, and how each stands",
        Page[Case],
        Page((examples.CASE,), None),
        scopes=READ,
        answer=list_cases,
        query=Cases,
    ),
    Operation(
        "showCase",
        "GET",
        "/cases/{case}",
        "Returns and claims",
        "One of the customer's cases",
        Case,
        examples.CASE,
        scopes=READ,
        answer=show_case,
    ),
    _change(
        "returnItems",
        ReturnItems,
        "/orders/{order}/return",
        "Prepare sending lines of a delivered order back; the money comes when they arrive",
        sends={"reason": "Too small", "lines": [1]},
    ),
    _change(
        "exchangeItem",
        ExchangeItem,
        "/orders/{order}/exchange",
        "Prepare sending a line back for another option of the same product",
        sends={"line": 1, "sku": "mug-fog", "reason": "The other colour, please"},
    ),
    _change(
        "claimWarranty",
        ClaimWarranty,
        "/orders/{order}/warranty-claim",
        "Prepare telling the shop that something it answers for has failed",
        sends={"line": 1, "problem": "The handle came off"},
    ),
    _change(
        "reportParcel",
        ReportParcel,
        "/orders/{order}/parcel-report",
        "Prepare telling the shop that a parcel is missing or came damaged",
        sends={"problem": "damaged", "what": "The box was wet", "lines": [1]},
    ),
    _change(
        "withdrawCase",
        WithdrawCase,
        "/cases/{case}/withdrawal",
        "Prepare taking back a return or a claim",
        sends={},
    ),
)
