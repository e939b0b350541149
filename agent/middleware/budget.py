"""A bound on what one message may cost: model calls, calls in one answer, and the size of what the model hands us.

The recursion limit of the graph stands behind this one; it would end the turn with an exception, this one ends it with
a sentence.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.messages.tool import ToolCall

from agent.memory import plain
from agent.turn import Turn
from auth.guard.commands import clean

MOST_CALLS_AT_ONCE = 8
LONGEST_ARGUMENTS = 8000
ENOUGH = "I have not got to the end of this in the steps I may take. Shall I ask a person to help?"

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Budget(AgentMiddleware[Any, Turn]):
    """Counts in the turn's allowance. It is the outermost, so what it returns is what the conversation keeps."""

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Call the model while something is left, and bring what it hands back to a bounded, plain form."""
        turn = request.runtime.context
        if turn.allowance.model_calls <= 0:
            return ModelResponse([AIMessage(ENOUGH)])
        turn.allowance.model_calls -= 1
        response = await handler(request)
        step = f"{turn.id}:{turn.allowance.model_calls}"
        return ModelResponse([_bounded(message, step) for message in response.result[:1]])


def _bounded(message: BaseMessage, step: str) -> AIMessage:
    """A fresh message without the model's own ids: one that repeated an id of the history would replace it there."""
    calls = message.tool_calls if isinstance(message, AIMessage) else []
    kept = [_bounded_call(call, f"{step}:{n}") for n, call in enumerate(calls[:MOST_CALLS_AT_ONCE])]
    choices = message.additional_kwargs.get("choices")
    return AIMessage(message.text, tool_calls=kept, additional_kwargs={"choices": choices} if choices else {})


def _bounded_call(call: ToolCall, key: str) -> ToolCall:
    arguments = plain(call["args"])
    if not isinstance(arguments, dict) or len(json.dumps(arguments)) > LONGEST_ARGUMENTS:
        arguments = {"too_long": True}
    # Providers refuse a history with other names and ids than these, and so would end the conversation for good.
    name = re.sub(r"[^A-Za-z0-9_-]", "_", clean(str(call["name"])))[:64] or "unnamed"
    return ToolCall(name=name, args=arguments, id=f"call_{hashlib.sha256(key.encode()).hexdigest()[:24]}")
