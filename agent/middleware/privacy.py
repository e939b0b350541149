"""What a model on somebody else's machine may see: no card number, e-mail address, telephone number, code or secret.

Tool results are made without names and streets (``agent/tools``); this takes out what the customer typed. A model that
runs in the shop's own process sees the customer's words as they are.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, AnyMessage, HumanMessage, ToolMessage

from agent.turn import Turn
from auth.redaction import redact

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Privacy(AgentMiddleware[Any, Turn]):
    """``is_remote`` says whether the model's text leaves the machine; what ``at_home`` is asked stays here."""

    def __init__(self, *, is_remote: bool, at_home: BaseChatModel | None = None) -> None:
        super().__init__()
        self._is_remote, self._at_home = is_remote, at_home

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Redact what goes out; ``turn.withheld`` counts what was taken out of the customer's latest view, by kind."""
        if not self._is_remote or request.model is self._at_home:
            return await handler(request)
        turn = request.runtime.context
        turn.withheld.clear()
        return await handler(request.override(messages=[_seen(message, turn) for message in request.messages]))


def _seen(message: AnyMessage, turn: Turn) -> AnyMessage:
    """A fresh message, so that nothing but text, calls and ids can ride along."""
    shown = redact(message.text)
    turn.withheld.update(shown.counts)
    match message:
        case HumanMessage():
            return HumanMessage(shown.text + _page(message.additional_kwargs.get("page")))
        case AIMessage():
            return AIMessage(shown.text, tool_calls=message.tool_calls)
        case ToolMessage():
            return ToolMessage(shown.text, tool_call_id=message.tool_call_id, name=message.name)
    return message


def _page(page: object) -> str:
    """What the customer was looking at, in words: the server has looked it up as theirs."""
    if not isinstance(page, Mapping):
        return ""
    kinds = [f"{kind} {page[kind]}" for kind in ("order", "product") if isinstance(page.get(kind), str)]
    return f"\n(The page shown beside this chat: {', '.join(kinds)}.)" if kinds else ""
