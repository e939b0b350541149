"""Compromise the model: a switch for clerks, what the attacker tries while it is on, and whether all still holds.

In a real shop neither the page nor the attacker is there, and the policy would refuse the switch.
"""

from collections.abc import Sequence

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import NotACommand
from auth.web.asking import Staff
from frontend.compromise import rehearsal_of
from frontend.errors import OK, UNPROCESSABLE, not_here
from frontend.house import House, house_of
from frontend.invariants import Invariant
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.rehearsals import check, tried_in
from frontend.render import render
from shop.commands import CompromiseModel
from shop.rehearsing import last_rehearsal

router = APIRouter(prefix="/staff/compromise")

PAGE = "/staff/compromise"
ON = {"on": True, "off": False}
EVERY_S = 5  # seconds between two looks of the page by itself


@router.get("")
def show_rehearsal(request: Request, actor: Staff, hold: bool = False) -> Response:
    """The page looks again by itself while the attacker answers; ``hold`` keeps it still for reading."""
    return _page(request, actor, refreshes=not hold)


@router.post("")
def turn_switch(request: Request, actor: Staff, turn: Text = "", request_id: Text = "") -> Response:
    _only_in_rehearsal(house_of(request))
    key = kept_id(request_id)
    match submit(request, actor, CompromiseModel, fields={"on": ON.get(turn)}, request_id=key):
        case NotACommand():
            return _page(request, actor, status=UNPROCESSABLE)
        case outcome:
            return way_on(outcome, page=PAGE, request_id=key)


@router.post("/check")
def check_again(request: Request, actor: Staff) -> Response:
    """A look at the log and the conversations. It changes nothing, and it is much work: so it is asked for."""
    house = house_of(request)
    _only_in_rehearsal(house)
    with house.database.read(Scope.house("a clerk checks a rehearsal")) as session:
        rehearsal = last_rehearsal(session)
    return _page(request, actor, checked=() if rehearsal is None else check(house, rehearsal))


def _page(
    request: Request,
    actor: Actor,
    *,
    status: int = OK,
    refreshes: bool = False,
    checked: Sequence[Invariant] = (),
) -> Response:
    house = house_of(request)
    _only_in_rehearsal(house)
    with house.database.read(Scope.house("what the attacker has tried")) as session:
        under_way, last = rehearsal_of(house, session), last_rehearsal(session)
        return render(
            request,
            "staff_rehearsal.html",
            actor=actor,
            session=session,
            status=status,
            rehearsal=under_way,
            last=last,
            tried=None if last is None else tried_in(house, session, last),
            can_start=house.desk.could(session, actor, CompromiseModel(on=True)),
            refresh_s=EVERY_S if refreshes and under_way is not None else 0,
            checked=checked,
        )


def _only_in_rehearsal(house: House) -> None:
    if house.attacker is None:
        raise not_here()
