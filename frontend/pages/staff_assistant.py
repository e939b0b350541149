"""The assistant's switches: what is stopped, by whom, since when and why, how soon it took effect; stop and go on.

Customers are named by nobody here: a stop for one customer shows an order of theirs to look at. A fresh code is asked
for on the form itself, because whoever stops the assistant is in a hurry.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from uuid import UUID

from anyio import from_thread
from fastapi import APIRouter, Request
from sqlalchemy.orm import Session
from starlette.responses import Response

from agent.tools import COMMANDS
from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import C, NotACommand
from auth.guard.decisions import Refused
from auth.sign_in.attempts import TooMany
from auth.web.asking import Staff
from frontend.errors import OK, TOO_MANY, UNPROCESSABLE, go_to, status_of
from frontend.house import House, house_of
from frontend.pages.approvals import step_up
from frontend.pages.chat import turns_of
from frontend.pages.sign_in import too_many_words
from frontend.pages.submitting import Text, kept_id, submit
from frontend.render import render, tell_next
from shop.commands import AskForPerson, LetAssistantGoOn, StopAssistant
from shop.days_used import use_of_day
from shop.switching import SwitchView, effect_of, past_switches, switches_in_force

router = APIRouter(prefix="/staff/assistant")

PAGE = "/staff/assistant"
CHOOSE = "Choose what shall stop."
NO_REASON = "Say why, in at most 200 characters."
UNKNOWN = {
    "tool": "Choose one of the tools.",
    "model": "Choose one of the models.",
    "customer": "No customer has such an order, case or e-mail address.",
}


@dataclass(frozen=True, slots=True)
class Shown:
    """A switch with its effect in words, and the names of the clerks."""

    switch: SwitchView
    effect: str
    by: str
    let_on_by: str


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed into the form, to be shown again."""

    reach: str = ""
    tool: str = ""
    model: str = ""
    customer: str = ""
    reason: str = ""

    @property
    def name(self) -> str:
        """What is named for this reach."""
        return {"tool": self.tool, "model": self.model, "customer": self.customer}.get(self.reach, "")


@router.get("")
def show_switches(request: Request, actor: Staff, customer: str = "") -> Response:
    draft = Draft("customer", customer=customer[:80]) if customer else Draft()
    return _page(request, actor, draft)


@router.post("/stop")
def stop(
    request: Request,
    actor: Staff,
    reach: Text = "",
    tool: Text = "",
    model: Text = "",
    customer: Text = "",
    reason: Text = "",
    code: Text = "",
    request_id: Text = "",
) -> Response:
    draft = Draft(reach[:20], tool[:80], model[:200], customer[:300], reason[:400])
    fields = {"reach": reach, "name": draft.name, "reason": reason.strip()}
    answer = _ask(request, actor, StopAssistant, fields=fields, code=code, request_id=request_id, draft=draft)
    # What is under way in this process breaks off now; other processes look by themselves.
    from_thread.run(turns_of(request).heed_switches)
    return answer


@router.post("/go-on")
def go_on(request: Request, actor: Staff, switch: Text = "", code: Text = "", request_id: Text = "") -> Response:
    fields = {"switch": switch}
    return _ask(request, actor, LetAssistantGoOn, fields=fields, code=code, request_id=request_id, draft=Draft())


def _ask(
    request: Request, actor: Actor, kind: type[C], *, fields: dict[str, str], code: str, request_id: str, draft: Draft
) -> Response:
    house, key = house_of(request), kept_id(request_id)
    if _needs_code(house, actor):
        refused = step_up(request, code)
        if refused is not None:
            status, words = (
                (TOO_MANY, too_many_words(refused)) if isinstance(refused, TooMany) else (UNPROCESSABLE, refused)
            )
            return _page(request, actor, draft, status, wrong=words)
        actor = replace(actor, second_factor_at=house.clock())
    match submit(request, actor, kind, fields=fields, request_id=key):
        case NotACommand(argument="reach"):
            return _page(request, actor, draft, UNPROCESSABLE, wrong=CHOOSE)
        case NotACommand(argument="reason"):
            return _page(request, actor, draft, UNPROCESSABLE, wrong=NO_REASON)
        case NotACommand() | Refused(kind="not_found"):
            words = UNKNOWN.get(draft.reach, "That switch is not there.")
            return _page(request, actor, draft, UNPROCESSABLE, wrong=words)
        case Refused(says=says) as outcome:
            return _page(request, actor, draft, status_of(outcome), wrong=says)
        case _:
            return tell_next(go_to(PAGE), key)


def _page(request: Request, actor: Actor, draft: Draft, status: int = OK, *, wrong: str = "") -> Response:
    house = house_of(request)
    with house.database.read(Scope.house("the switches of the assistant")) as session:
        in_force = list(_shown(house, session, switches_in_force(session)))
        return render(
            request,
            "staff_assistant.html",
            actor=actor,
            session=session,
            status=status,
            in_force=in_force,
            past=list(_shown(house, session, past_switches(session))),
            is_off=any(shown.switch.reach == "whole" for shown in in_force),
            tools=sorted((name, name.replace("_", " ")) for name, asks in COMMANDS.items() if asks is not AskForPerson),
            models=house.assistant.models,
            used=use_of_day(session, house.clock(), allowances=house.allowances),
            needs_code=_needs_code(house, actor),
            wrong=wrong,
            draft=draft,
        )


def _needs_code(house: House, actor: Actor) -> bool:
    shown_at = actor.second_factor_at
    return shown_at is None or house.clock() - shown_at >= house.entrance.fresh


def _shown(house: House, session: Session, switches: Iterable[SwitchView]) -> Iterable[Shown]:
    for switch in switches:
        by, let_on_by = _name(house, session, switch.stopped_by), _name(house, session, switch.let_on_by)
        yield Shown(switch, effect_of(switch), by, let_on_by)


def _name(house: House, session: Session, account_id: UUID | None) -> str:
    account = None if account_id is None else find_account(session, account_id)
    return "" if account is None else house.vault.open(session, account, "name") or "a clerk"
