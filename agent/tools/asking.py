"""How a tool asks: arguments become a command, the command goes to the desk, and the outcome becomes plain JSON.

A tool never raises. A model gets a sentence for every way in which a request can end, and nothing about the inside.
"""

import json
from collections.abc import Callable, Mapping
from typing import Any

import structlog

from agent.trouble import trouble
from agent.turn import Turn
from auth.guard.commands import Command, NotACommand, parse
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused

ERROR = "Something went wrong on our side. Look again before you say that anything has happened."

Answer = dict[str, Any]
log = structlog.get_logger(__name__)


def ask(turn: Turn, kind: type[Command], arguments: Mapping[str, object], show: Callable[[Any], Answer]) -> str:
    """Ask the desk for a command and write the outcome down as JSON; ``show`` turns a read's view into an answer."""
    return written(asked(turn, kind, arguments, show))


def asked(turn: Turn, kind: type[Command], arguments: Mapping[str, object], show: Callable[[Any], Answer]) -> Answer:
    """The same, before it is written: for tools that ask twice."""
    try:
        command = parse(kind, {name: value for name, value in arguments.items() if value is not None})
        outcome = turn.desk.submit(turn.asker(), command, request_id=turn.request_id(command))
        return _answer(turn, outcome, show)
    except NotACommand as error:
        return refusal(error.sentence)
    except Exception as error:
        log.error("a tool's request failed", action=kind.__name__, **trouble(error))
        return {"outcome": "error", "says": ERROR}


def changed(view: object) -> Answer:
    """For commands that change something: they have no view, and what was done is in the shop's own sentence."""
    return {}


def refusal(says: str, policy: str = "invalid-arguments") -> Answer:
    """The answer for a request that did not come to the desk."""
    return {"outcome": "refused", "says": says, "policy": policy}


def written(answer: Answer) -> str:
    """An answer as the model reads it."""
    return json.dumps(answer, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _answer(turn: Turn, outcome: Outcome, show: Callable[[Any], Answer]) -> Answer:
    match outcome:
        case Done(view=None):
            return {"outcome": "done", "says": outcome.says}
        case Done():
            return show(outcome.view)
        case AwaitingApproval():
            turn.say_card("approval", str(outcome.approval_id))
            card = {"approval": str(outcome.approval_id), "card": True}
            return {"outcome": "awaiting_approval", **card, "says": outcome.says}
        case Pending():
            return {"outcome": "pending", "says": outcome.says}
        case Refused(kind="not_found"):
            return {"outcome": "not_found", "says": outcome.says}
        case Refused():
            return refusal(outcome.says, outcome.policy or outcome.kind)
