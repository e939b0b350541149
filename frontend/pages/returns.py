"""What a customer does when something is not right: send back, exchange, claim, report; and what has become of it."""

from collections.abc import Mapping, Sequence
from typing import Annotated

from fastapi import APIRouter, Form, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import Command, NotACommand
from auth.guard.decisions import AwaitingApproval, Done, Pending, Refused
from auth.web.asking import Customer
from frontend.errors import OK, UNPROCESSABLE, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, new_request_id, render
from shop.case_views import case_list, case_view
from shop.cases import find_case, held_lines
from shop.catalogue import find_product
from shop.commands import (
    ClaimWarranty,
    ExchangeItem,
    ReportParcel,
    ReturnItems,
    ShowCase,
    ShowOrder,
    WithdrawCase,
)
from shop.order_views import order_view
from shop.orders import Order, OrderLine, find_order
from shop.refunds import reckon

router = APIRouter()

_TICK = "Tick what it is about."
_Typed = Mapping[str, object]
_Lines = Annotated[list[str] | None, Form()]


@router.get("/orders/{number}/not-right")
def show_forms(request: Request, actor: Customer, number: str) -> Response:
    return _forms(request, actor, number)


@router.post("/orders/{number}/return")
def return_items(
    request: Request, actor: Customer, number: str, lines: _Lines = None, reason: Text = "", request_id: Text = ""
) -> Response:
    # For the command, no line means everything; for a person who ticked nothing it would be a surprise.
    if not lines:
        return _wrong(request, actor, number, {"return.lines": _TICK}, {"return.reason": reason})
    fields = {"order": number, "lines": lines, "reason": reason}
    return _ask(request, actor, ReturnItems, number=number, fields=fields, request_id=request_id, form="return")


@router.post("/orders/{number}/exchange")
def exchange(
    request: Request, actor: Customer, number: str, choice: Text = "", reason: Text = "", request_id: Text = ""
) -> Response:
    line, _, sku = choice.partition(":")
    if not sku:
        return _wrong(request, actor, number, {"exchange.sku": "Choose an option."}, {"exchange.reason": reason})
    fields = {"order": number, "line": line, "sku": sku, "reason": reason}
    return _ask(request, actor, ExchangeItem, number=number, fields=fields, request_id=request_id, form="exchange")


@router.post("/orders/{number}/warranty")
def claim(
    request: Request, actor: Customer, number: str, line: Text = "", problem: Text = "", request_id: Text = ""
) -> Response:
    if not line:
        return _wrong(request, actor, number, {"warranty.line": _TICK}, {"warranty.problem": problem})
    fields = {"order": number, "line": line, "problem": problem}
    return _ask(request, actor, ClaimWarranty, number=number, fields=fields, request_id=request_id, form="warranty")


@router.post("/orders/{number}/parcel")
def report(
    request: Request,
    actor: Customer,
    number: str,
    problem: Text = "",
    lines: _Lines = None,
    what: Text = "",
    request_id: Text = "",
) -> Response:
    if not lines:
        return _wrong(request, actor, number, {"parcel.lines": _TICK}, {"parcel.what": what})
    fields = {"order": number, "problem": problem, "what": what, "lines": lines}
    return _ask(request, actor, ReportParcel, number=number, fields=fields, request_id=request_id, form="parcel")


@router.get("/account/cases")
def show_cases(request: Request, actor: Customer) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        found = case_list(session, actor.account_id, vault=house.vault)
        return render(request, "account/cases.html", actor=actor, session=session, cases=found.cases)


@router.get("/account/cases/{number}")
def show_case(request: Request, actor: Customer, number: str) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        case = find_case(session, actor.account_id, number)
        if case is not None:
            view = case_view(session, case, vault=house.vault)
            can_withdraw = house.desk.could(session, actor, WithdrawCase(view.number))
            return render(
                request, "account/case.html", actor=actor, session=session, case=view, can_withdraw=can_withdraw
            )
    # The desk says the same and writes down that somebody asked for what is not theirs.
    house.desk.submit(actor, ShowCase(number[:20] or "-"), request_id=new_request_id())
    raise not_here()


@router.post("/account/cases/{number}/withdraw")
def withdraw(request: Request, actor: Customer, number: str, request_id: Text = "") -> Response:
    key = kept_id(request_id)
    match submit(request, actor, WithdrawCase, fields={"case": number}, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page=f"/account/cases/{number}", request_id=key)


def _ask(
    request: Request,
    actor: Actor,
    kind: type[Command],
    *,
    number: str,
    fields: _Typed,
    request_id: str,
    form: str,
) -> Response:
    key = kept_id(request_id)
    typed = {f"{form}.{name}": value for name, value in fields.items()}
    match submit(request, actor, kind, fields=fields, request_id=key):
        case NotACommand(argument="order"):
            raise not_here()
        case NotACommand(argument=argument, sentence=sentence):
            return _wrong(request, actor, number, {f"{form}.{argument}": sentence}, typed)
        case Refused(kind="policy" | "invalid" | "limit" | "gateway", says=says) as refused:
            return _forms(request, actor, number, status_of(refused), errors={f"{form}.": says}, typed=typed)
        case Done(result=result) as done if result and "case" in result:
            return way_on(done, page=f"/account/cases/{result['case']}", request_id=key)
        case (Done() | Refused() | AwaitingApproval() | Pending()) as outcome:
            return way_on(outcome, page=f"/orders/{number}", request_id=key)


def _wrong(request: Request, actor: Actor, number: str, errors: dict[str, str], typed: _Typed) -> Response:
    return _forms(request, actor, number, UNPROCESSABLE, errors=errors, typed=typed)


def _forms(
    request: Request,
    actor: Actor,
    number: str,
    status: int = OK,
    *,
    errors: dict[str, str] | None = None,
    typed: _Typed | None = None,
) -> Response:
    house = house_of(request)
    with looking(request, actor) as session:
        order = find_order(session, actor.account_id, number)
        if order is not None:
            free = _free_lines(session, order)
            return render(
                request,
                "account/not_right.html",
                actor=actor,
                session=session,
                status=status,
                order=order_view(session, order, vault=house.vault),
                free=[line.line for line in free],
                can=possible(house, session, actor, order, free=free),
                options=_options(session, order, free),
                errors=errors or {},
                typed={name: str(value)[:2000] for name, value in (typed or {}).items() if isinstance(value, str)},
                page_hint=f"order:{order.number}",
            )
    house.desk.submit(actor, ShowOrder(number[:20] or "-"), request_id=new_request_id())
    raise not_here()


def possible(
    house: House, session: Session, actor: Actor, order: Order, *, free: Sequence[OrderLine] | None = None
) -> dict[str, bool]:
    """Which of the forms to show: the judge itself is asked."""
    lines = _free_lines(session, order) if free is None else free
    if not lines:
        return dict.fromkeys(("return", "exchange", "warranty", "missing", "damaged"), False)
    number, could, first = order.number, house.desk.could, lines[0].line
    options = _options(session, order, lines)
    return {
        "return": could(session, actor, ReturnItems(number, "-")),
        "exchange": any(could(session, actor, ExchangeItem(number, line, sku, "-")) for line, sku, _ in options[:4]),
        "warranty": could(session, actor, ClaimWarranty(number, first, "-")),
        "missing": could(session, actor, ReportParcel(number, "missing", "-")),
        "damaged": could(session, actor, ReportParcel(number, "damaged", "-")),
    }


def _free_lines(session: Session, order: Order) -> list[OrderLine]:
    """The lines for which nothing has gone back in full and no case is open."""
    found = reckon(session, order, held=held_lines(session, order, replaced=False))
    return [line for line in order.lines if found.left(line) > 0]


def _options(session: Session, order: Order, free: Sequence[OrderLine]) -> list[tuple[int, str, str]]:
    """What lines can be exchanged for: ``(line, sku, words)`` for each other option that is there."""
    found = list[tuple[int, str, str]]()
    for line in free:
        product = find_product(session, line.product)
        for other in product.variants if product is not None and product.handle == line.product else ():
            if other.sku != line.sku and other.stock >= line.quantity:
                words = f"{line.quantity} × {line.name}: {line.option} for {other.option}, {other.price}"
                found.append((line.line, other.sku, words))
    return found
