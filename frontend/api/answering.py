"""From a call to its answer: looks with an ETag; changes by the desk, with an Idempotency-Key and If-Match."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

from pydantic import TypeAdapter
from starlette.responses import Response

from auth.guard.approvals import find_approval
from auth.guard.commands import Command
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.guard.keyed_answers import Answered, Claimed, KeyOwner, UnderWay, UsedOtherwise, claim, keep, release
from auth.guard.risk import assess, signals_of
from frontend.api.approvals import approval_of
from frontend.api.operations import Call, Operation
from frontend.api.problems import MEDIA_TYPE, Problem, page_of, refused
from frontend.api.reading import read_command, read_object, read_query
from frontend.api.shapes import Accepted, Changed
from frontend.errors import ACCEPTED, BROKEN, NOT_MODIFIED, OK, TOO_MANY

JSON = "application/json"
KEY = "Idempotency-Key"
KEY_FORM = r"[A-Za-z0-9._:-]{1,64}"
REPLAYED = "Idempotency-Replayed"
_KEY = re.compile(KEY_FORM)
_TAGS = re.compile(r'(?:W/)?"[^"]*"')
# What may come out otherwise the next time is not kept: whoever was told to wait may use the same key again.
_NOT_KEPT = frozenset({TOO_MANY})


def answer_look(call: Call) -> Response:
    """A look: its body, or that it is still the one the caller has (RFC 9110 §13.1.2)."""
    operation = call.operation
    assert operation.answer is not None  # noqa: S101 - the table is checked when the app is put together
    call = replace(call, query=read_query(operation.query, call.request.query_params))
    body = written(operation.answers, operation.answer(call))
    tag = etag(body)
    headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
    if _names(call.request.headers.getlist("if-none-match"), tag, weakly=True):
        return Response(None, NOT_MODIFIED, headers)
    return Response(body, OK, headers, JSON)


def answer_change(call: Call, raw: bytes) -> Response:
    """A change: what the desk says, once for each key."""
    operation = call.operation
    assert operation.command is not None  # noqa: S101 - as above
    read_query(operation.query, call.request.query_params)
    key = key_of(call)
    command = _command(call, operation.command, read_object(call.request.headers, raw, may_be_empty=_is_bare(call)))
    taken = take_key(call, key, raw)
    if isinstance(taken, Answered):
        return sent(taken, is_replay=True)
    return sent(settle(call, taken, lambda: _submit(call, command, taken.request_id)))


def key_of(call: Call) -> str:
    """The call's own key; :class:`Problem` without one, with two, or with one that is not plain."""
    given = call.request.headers.getlist(KEY)
    if len(given) != 1 or _KEY.fullmatch(given[0]) is None:
        raise Problem(
            "key-missing", f"Send one {KEY} of at most 64 letters, digits, dots, colons, dashes or underlines."
        )
    return given[0]


def take_key(call: Call, key: str, raw: bytes) -> Claimed | Answered:
    """Claim the key, or give the first answer back; :class:`Problem` while or because it is used otherwise."""
    house, owner = call.house, KeyOwner(call.account_id, call.client_id)
    asked = f"{call.request.method} {call.request.url.path}\n".encode() + raw
    with house.database.begin(call.scope) as session:
        taken = claim(session, house.vault, owner, key=key, asked=asked, now=house.clock())
    match taken:
        case UnderWay():
            raise Problem(
                "key-under-way", "Wait a moment and send it again with the same key.", headers={"Retry-After": "1"}
            )
        case UsedOtherwise():
            raise Problem("key-reused", "The same key came with another body or for another operation. Use a new key.")
    return taken


def settle(call: Call, claimed: Claimed, work: Callable[[], Answered]) -> Answered:
    """Do the work and keep its answer, a refusal too. What broke or has to wait gives the key back."""
    try:
        answer = work()
    except Problem as problem:
        if problem.status in _NOT_KEPT or problem.status >= BROKEN:
            give_back(call, claimed)
            raise
        answer = Answered(problem.status, MEDIA_TYPE, problem.body(page_of(call.request)))
    except BaseException:
        give_back(call, claimed)
        raise
    keep_answer(call, claimed, answer)
    return answer


def keep_answer(call: Call, claimed: Claimed, answer: Answered) -> None:
    with call.house.database.begin(call.scope) as session:
        keep(session, call.house.vault, claimed, answer=answer)


def give_back(call: Call, claimed: Claimed) -> None:
    with call.house.database.begin(call.scope) as session:
        release(session, claimed)


def sent(answer: Answered, *, is_replay: bool = False) -> Response:
    """An answer that is kept, as it goes out the first time and every other."""
    headers = {"Cache-Control": "no-store"} | ({REPLAYED: "true"} if is_replay else {})
    return Response(answer.body, answer.status, headers, answer.kind)


def written(shape: Any, value: object) -> bytes:
    """A value as JSON, by its shape's own schema."""
    return _adapter(shape).dump_json(value)


def etag(body: bytes) -> str:
    """A strong validator: the same bytes have the same, other bytes have another (RFC 9110 §8.8.3)."""
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def check_state(call: Call, looks: Operation) -> None:
    """Hold a change against the state its caller has seen (RFC 9110 §13.1.1, RFC 6585 §3)."""
    given = call.request.headers.getlist("if-match")
    if not given and not call.operation.must_match:
        return
    if not given:
        raise Problem(
            "unconditional", f"Send If-Match with the ETag of {looks.name}, so that you change what you have seen."
        )
    assert looks.answer is not None  # noqa: S101 - as above
    seen = replace(call, operation=looks, query=looks.query(), path={})
    if not _names(given, etag(written(looks.answers, looks.answer(seen))), weakly=False):
        raise Problem(
            "not-fresh", f"Look again with {looks.name} and decide on what is there now. Nothing was changed."
        )


def _submit(call: Call, command: Command, request_id: str) -> Answered:
    if call.operation.check is not None:
        call.operation.check(call)
    if call.looks is not None:
        check_state(call, call.looks)
    house = call.house
    with house.database.read(call.scope) as session:
        risk = assess(signals_of(session, call.account_id, now=house.clock()))
    outcome = house.desk.submit(replace(call.actor, risk=risk), command, request_id=request_id)
    return _told(call, outcome)


def _told(call: Call, outcome: Outcome) -> Answered:
    match outcome:
        case Done(says=says, result=result):
            return Answered(OK, JSON, written(Changed, Changed("done", says, dict(result))))
        case Pending(says=says):
            return Answered(ACCEPTED, JSON, written(Accepted, Accepted("pending", says, None)))
        case AwaitingApproval(approval_id=approval_id, says=says):
            with call.house.database.read(call.scope) as session:
                card = find_approval(session, approval_id)
                shown = None if card is None else approval_of(call, session, card)
            return Answered(ACCEPTED, JSON, written(Accepted, Accepted("waiting", says, shown)))
        case Refused() as no:
            raise refused(no)


def _command(call: Call, kind: type[Command], body: dict[str, object]) -> Command:
    elsewhere = {**call.path, **call.operation.fixed}
    twice = sorted(set(body) & set(elsewhere))
    if twice:
        raise Problem("invalid", f"“{twice[0]}” does not belong into the body of this operation.", argument=twice[0])
    return read_command(kind, {**body, **elsewhere})


def _is_bare(call: Call) -> bool:
    return not call.operation.sends


def _names(lines: list[str], tag: str, *, weakly: bool) -> bool:
    """Whether an If-Match or If-None-Match names a state; a weak tag counts only where that is enough."""
    if [line.strip() for line in lines] == ["*"]:
        return True
    named = [found for line in lines for found in _TAGS.findall(line)]
    return any((found.removeprefix("W/") if weakly else found) == tag for found in named)


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
