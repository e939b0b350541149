"""From a form to the desk: fields become a command or a sentence about a field, and the answer becomes the way on."""

import re
from collections.abc import Mapping
from typing import Annotated

from fastapi import Form, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import C, NotACommand, parse
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from frontend.errors import go_to, not_here
from frontend.house import house_of
from frontend.render import new_request_id, tell_next

# What new_request_id makes, and no more: the id goes into a column and into a cookie.
_OWN_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
Text = Annotated[str, Form()]
"""A field of a form. What it may hold is the command's business; a missing one is empty."""


def submit(
    request: Request, actor: Actor, kind: type[C], *, fields: Mapping[str, object], request_id: str
) -> Outcome | NotACommand:
    """Ask the desk. Fields that make no command come back as :class:`NotACommand`, with the field's name in it."""
    try:
        command = parse(kind, fields)
    except NotACommand as refused:
        return refused
    return house_of(request).desk.submit(actor, command, request_id=request_id)


def way_on(outcome: Outcome, *, page: str, request_id: str) -> Response:
    """Where a command's outcome leads: to its card when one waits, or to ``page``, which then tells the outcome.

    A refusal is told there as well, by the words the desk has kept; *not there* is not there.
    """
    match outcome:
        case AwaitingApproval(approval_id=approval_id):
            return go_to(f"/approvals/{approval_id}")
        case Refused(kind="not_found"):
            raise not_here()
        case Done() | Refused() | Pending():
            return tell_next(go_to(page), request_id)


def kept_id(request_id: str) -> str:
    """The form's own request id; a form without one, or with one that is not plain, is a request of its own."""
    return request_id if _OWN_ID.fullmatch(request_id) else new_request_id()
