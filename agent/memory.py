"""A conversation as plain JSON and back, bounded. Stored messages name roles, no classes: reading them runs nothing."""

import math
from collections.abc import Iterable, Mapping, Sequence

from langchain_core.messages import AIMessage, AnyMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from auth.guard.commands import clean

MOST_MESSAGES = 40
MOST_CHARACTERS = 24_000
_DEEPEST = 5


def customer_says(text: str, *, page: Mapping[str, str] | None = None) -> HumanMessage:
    """The customer's message. ``page`` holds what they were looking at (``order`` or ``product`` by its key), which the
    server has looked up as theirs."""
    return HumanMessage(clean(text), additional_kwargs={"page": dict(page)} if page else {})


def to_stored(messages: Iterable[BaseMessage]) -> list[dict[str, object]]:
    """Messages as JSON objects with a ``role``: ``customer``, ``assistant`` or ``tool``. Others are left out."""
    return [stored for message in messages if (stored := _stored(message)) is not None]


def from_stored(stored: Iterable[Mapping[str, object]]) -> list[BaseMessage]:
    """The inverse of :func:`to_stored`. What has another shape is left out, and so are calls without an answer."""
    return _answered([message for body in stored if (message := _message(body)) is not None])


def recent(
    messages: Sequence[BaseMessage], *, most: int = MOST_MESSAGES, characters: int = MOST_CHARACTERS
) -> list[BaseMessage]:
    """The newest whole turns that fit into both bounds; the last turn is always there."""
    starts = [n for n, message in enumerate(messages) if isinstance(message, HumanMessage)]
    kept = starts[-1] if starts else len(messages)
    for start in reversed(starts):
        part = messages[start:]
        if len(part) > most or sum(len(str(m.content)) for m in part) > characters:
            break
        kept = start
    return list(messages[kept:])


def plain(value: object, *, depth: int = _DEEPEST) -> object:
    """A JSON value of bounded depth without NaN, infinity, invisible characters or foreign types."""
    match value:
        case None | bool():
            return value
        case int():
            # Python refuses to write very long integers, so one would keep a conversation from being stored.
            return value if value.bit_length() <= 64 else "…"
        case float():
            return value if math.isfinite(value) else str(value)
        case str():
            return clean(value)
        case Mapping() if depth:
            return {clean(str(key)): plain(inner, depth=depth - 1) for key, inner in value.items()}
        case list() | tuple() if depth:
            return [plain(inner, depth=depth - 1) for inner in value]
    return "…" if isinstance(value, (Mapping, list, tuple)) else clean(str(value))


def _stored(message: BaseMessage) -> dict[str, object] | None:
    match message:
        case HumanMessage():
            body: dict[str, object] = {"role": "customer", "text": message.text}
            page = message.additional_kwargs.get("page")
            return body | ({"page": plain(page)} if page else {})
        case AIMessage():
            calls = [{"id": c["id"], "name": c["name"], "args": plain(c["args"])} for c in message.tool_calls]
            return {"role": "assistant", "text": message.text} | ({"calls": calls} if calls else {})
        case ToolMessage():
            return {"role": "tool", "call": message.tool_call_id, "name": message.name or "", "text": message.text}
    return None


def _message(body: Mapping[str, object]) -> AnyMessage | None:
    match body:
        case {"role": "customer", "text": str(text)}:
            page = body.get("page")
            return customer_says(text, page=page if isinstance(page, Mapping) else None)
        case {"role": "assistant", "text": str(text)}:
            return AIMessage(text, tool_calls=_calls(body.get("calls")))
        case {"role": "tool", "call": str(call), "name": str(name), "text": str(text)}:
            return ToolMessage(text, tool_call_id=call, name=name)
    return None


def _calls(stored: object) -> list[ToolCall]:
    calls = []
    for call in stored if isinstance(stored, list) else []:
        match call:
            case {"id": str(key), "name": str(name), "args": dict(args)}:
                calls.append(ToolCall(name=name, args=args, id=key, type="tool_call"))
    return calls


def _answered(messages: Sequence[AnyMessage]) -> list[BaseMessage]:
    """Hosted models refuse a call without a result and a result without a call, as a cut stream may leave them."""
    asked = {call["id"] for m in messages if isinstance(m, AIMessage) for call in m.tool_calls}
    told = {m.tool_call_id for m in messages if isinstance(m, ToolMessage)}
    kept: list[BaseMessage] = []
    for message in messages:
        if isinstance(message, AIMessage) and any(call["id"] not in told for call in message.tool_calls):
            calls = [call for call in message.tool_calls if call["id"] in told]
            message = AIMessage(message.text, tool_calls=calls)
            if not calls and not message.text:
                continue
        if isinstance(message, ToolMessage) and message.tool_call_id not in asked:
            continue
        kept.append(message)
    return kept
