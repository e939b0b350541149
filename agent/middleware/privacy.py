"""What a model may see: handles for records, and for one on somebody else's machine no personal data at all.

Tool results are made without names and streets (``agent/tools``); this is the second wall behind them, for every model.
What the customer types is kept from a model outside this process and comes back only as the argument of a call, which
the customer then sees on a card of their own. A model in this process sees the customer's words as they are.
"""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse, ToolCallRequest
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langgraph.types import Command

from agent.handles import Handles
from agent.middleware.gate import turn_of
from agent.tools.asking import refusal, written
from agent.turn import Note, Turn, Used

STRANGE = "I know nothing by that name in this conversation. Look it up first, or ask the customer which one is meant."

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
Calling = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]


class Privacy(AgentMiddleware[Any, Turn]):
    """``is_remote`` says whether the model's text leaves the machine; what ``at_home`` is asked stays here. It stands
    outside the gate, so that gate, fence and tools meet what a handle stands for, and never a handle that stands for
    nothing."""

    def __init__(self, *, is_remote: bool, at_home: BaseChatModel | None = None) -> None:
        super().__init__()
        self._is_remote, self._at_home = is_remote, at_home

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Show the model its view; ``turn.withheld`` counts by kind what this call does not show."""
        turn, is_remote = request.runtime.context, self._is_remote and request.model is not self._at_home
        turn.withheld.clear()
        shown = [_shown(message, turn, is_remote=is_remote) for message in request.messages]
        response = await handler(request.override(messages=shown))
        return ModelResponse([_put_back(message, turn.handles) for message in response.result])

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Calling) -> ToolMessage | Command[Any]:
        """Refuse a call that names a handle this conversation has not made."""
        turn, call = turn_of(request), request.tool_call
        if not turn.handles.strange(call["args"]):
            return await handler(request)
        name = call["name"] if request.tool is not None else "unknown"
        turn.allowance.tool_calls -= 1
        turn.used.append(Used(name, "refused"))
        await asyncio.to_thread(turn.note, Note("tool.refused", "unknown-handle", name))
        return ToolMessage(written(refusal(STRANGE, "unknown-handle")), tool_call_id=str(call["id"]), name=call["name"])


def follow(turn: Turn, messages: Sequence[BaseMessage], *, is_remote: bool) -> None:
    """Go through a conversation from its beginning, so that a handle keeps its number when the view moves on."""
    for message in messages:
        _shown(message, turn, is_remote=is_remote)
    turn.withheld.clear()


def _shown(message: BaseMessage, turn: Turn, *, is_remote: bool) -> Any:
    """A fresh message, so that nothing but text, calls, ids and (in the house) the page can ride along."""
    match message:
        case HumanMessage():
            said = _counted(turn, turn.handles.words(message.text, is_remote=is_remote))
            page = message.additional_kwargs.get("page")
            if is_remote:
                return HumanMessage(said + _page(page))
            return HumanMessage(said, additional_kwargs={"page": page} if page else {})
        case AIMessage():
            said = _counted(turn, turn.handles.words(message.text, is_remote=is_remote))
            calls = [{**c, "args": turn.handles.arguments(c["args"], is_remote=is_remote)} for c in message.tool_calls]
            return AIMessage(said, tool_calls=calls)
        case ToolMessage():
            text = _counted(turn, turn.handles.result(message.text, mark=turn.mark))
            return ToolMessage(text, tool_call_id=message.tool_call_id, name=message.name)
    return message


def _counted(turn: Turn, seen: tuple[str, Counter[str]]) -> str:
    text, counts = seen
    turn.withheld.update(counts)
    return text


def _put_back(message: BaseMessage, handles: Handles) -> BaseMessage:
    """The arguments as the shop means them. The text stays as it is: only a call needs the values."""
    if not isinstance(message, AIMessage):
        return message
    calls = [{**call, "args": handles.put_back(call["args"])} for call in message.tool_calls]
    choices = message.additional_kwargs.get("choices")
    # A choice is a button on the customer's own screen that sends what is written on it.
    spoken = [handles.spoken(str(c)) for c in choices] if isinstance(choices, list) else []
    return message.model_copy(update={"tool_calls": calls, "additional_kwargs": {"choices": spoken} if spoken else {}})


def _page(page: object) -> str:
    """What the customer was looking at, in words: the server has looked it up as theirs."""
    if not isinstance(page, Mapping):
        return ""
    kinds = [f"{kind} {page[kind]}" for kind in ("order", "product") if isinstance(page.get(kind), str)]
    return f"\n(The page shown beside this chat: {', '.join(kinds)}.)" if kinds else ""
