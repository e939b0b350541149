"""Returns, exchanges and claims on the clerks' side: what waits, and what to do with one.

The queue names nobody. A case's page asks the desk for a look, which is in the customer's record of activity.
"""

from dataclasses import dataclass

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import Command, NotACommand
from auth.guard.decisions import Done, Refused
from auth.web.asking import Staff
from frontend.errors import OK, UNPROCESSABLE, not_here, status_of
from frontend.house import House, house_of
from frontend.pages.staff_reviews import for_how_long
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import render
from shop.case_views import STATUS_WORDS, CaseView
from shop.cases import cases_to_work_on
from shop.commands import DecideCase, ReadCustomerCase, ReceiveReturn, ReviewCase, SendExchange

router = APIRouter(prefix="/staff/cases")


@dataclass(frozen=True, slots=True)
class Waiting:
    """A line of the queue: it holds nothing personal."""

    number: str
    kind: str
    state: str
    words: str
    since: str


@router.get("")
def show_queue(request: Request, actor: Staff) -> Response:
    house = house_of(request)
    now = house.clock()
    with house.database.read(Scope.house("the clerks' cases")) as session:
        found = [
            Waiting(c.number, c.kind, c.state, STATUS_WORDS[c.state], for_how_long(c.opened_at, now))
            for c in cases_to_work_on(session)
        ]
        return render(request, "staff_cases.html", actor=actor, session=session, cases=found)


@router.get("/{number}")
def show_case(request: Request, actor: Staff, number: str) -> Response:
    return _case(request, actor, number)


@router.post("/{number}/review")
def review(request: Request, actor: Staff, number: str, request_id: Text = "") -> Response:
    return _do(request, actor, ReviewCase, number=number, fields={}, request_id=request_id)


@router.post("/{number}/receive")
def receive(request: Request, actor: Staff, number: str, request_id: Text = "") -> Response:
    return _do(request, actor, ReceiveReturn, number=number, fields={}, request_id=request_id)


@router.post("/{number}/send")
def send(request: Request, actor: Staff, number: str, tracking: Text = "", request_id: Text = "") -> Response:
    return _do(request, actor, SendExchange, number=number, fields={"tracking": tracking}, request_id=request_id)


@router.post("/{number}/decide")
def decide(
    request: Request, actor: Staff, number: str, decision: Text = "", note: Text = "", request_id: Text = ""
) -> Response:
    fields = {"decision": decision, "note": note}
    return _do(request, actor, DecideCase, number=number, fields=fields, request_id=request_id, draft=note)


def _do(
    request: Request,
    actor: Actor,
    kind: type[Command],
    *,
    number: str,
    fields: dict[str, str],
    request_id: str,
    draft: str = "",
) -> Response:
    key = kept_id(request_id)
    match submit(request, actor, kind, fields={"case": number, **fields}, request_id=key):
        case NotACommand(argument="case"):
            raise not_here()
        case NotACommand(sentence=sentence):
            return _case(request, actor, number, UNPROCESSABLE, wrong=sentence, draft=draft)
        case Refused(kind="policy" | "gateway" | "limit", says=says) as refused:
            return _case(request, actor, number, status_of(refused), wrong=says, draft=draft)
        case outcome:
            return way_on(outcome, page=f"/staff/cases/{number}", request_id=key)


def _case(
    request: Request, actor: Actor, number: str, status: int = OK, *, wrong: str = "", draft: str = ""
) -> Response:
    """The case, read through the desk: the customer sees that somebody looked."""
    house = house_of(request)
    match submit(request, actor, ReadCustomerCase, fields={"case": number}, request_id=""):
        case Done(view=CaseView() as view):
            return render(
                request,
                "staff_case.html",
                actor=actor,
                status=status,
                case=view,
                can=_possible(house, actor, view.number),
                wrong=wrong,
                draft=draft[:8000],
            )
        case Refused(kind="policy", says=says) as refused:
            return render(request, "staff_closed.html", actor=actor, status=status_of(refused), says=says, what="case")
    raise not_here()


def _possible(house: House, actor: Actor, number: str) -> dict[str, bool]:
    """Which buttons a clerk gets: the judge itself is asked."""
    commands: dict[str, Command] = {
        "review": ReviewCase(number),
        "receive": ReceiveReturn(number),
        "send": SendExchange(number, "-"),
        "refund": DecideCase(number, "refund", "-"),
        "replace": DecideCase(number, "replace", "-"),
        "refuse": DecideCase(number, "refuse", "-"),
    }
    with house.database.read(Scope.house("which buttons a clerk gets")) as session:
        return {name: house.desk.could(session, actor, command) for name, command in commands.items()}
