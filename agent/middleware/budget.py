"""A bound on what one message may cost: model calls, calls in one answer, and the size of what the model hands us.

The recursion limit of the graph stands behind this one; it would end the turn with an exception, this one ends it with
a sentence. When the day is spent as well, what is left is the way to a person: it is asked for here, without a model.
"""

import asyncio
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage
from langchain_core.messages.tool import ToolCall

from agent.memory import plain
from agent.middleware.spending import DaySpent
from agent.turn import Turn
from auth.guard.commands import clean

MOST_CALLS_AT_ONCE = 8
LONGEST_ARGUMENTS = 8000
PERSON = "ask_for_person"
ENOUGH = "I have not got to the end of this in the steps I may take. Shall I ask a person to help?"

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Budget(AgentMiddleware[Any, Turn]):
    """Counts in the turn's allowance. It is the outermost, so what it returns is what the conversation keeps.
    ``wants_person`` reads a message in this process, for a day on which no model may be asked any more."""

    def __init__(self, wants_person: Callable[[str], bool] = lambda text: False) -> None:
        super().__init__()
        self._wants_person = wants_person

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Call the model while something is left, and bring what it hands back to a bounded, plain form."""
        turn = request.runtime.context
        if turn.allowance.model_calls <= 0:
            return ModelResponse([AIMessage(ENOUGH)])
        turn.allowance.model_calls -= 1
        step = f"{turn.id}:{turn.allowance.model_calls}"
        try:
            response = await handler(request)
        except DaySpent as day:
            left = await asyncio.to_thread(self._left, request.messages, day)
            return ModelResponse([_bounded(left, step)])
        return ModelResponse([_bounded(message, step) for message in response.result[:1]])

    def _left(self, messages: Sequence[BaseMessage], day: DaySpent) -> AIMessage:
        """What is left of a spent day: the call for a person if the customer wants one, what became of that, or the
        sentence that says when it goes on."""
        since = next((n for n in reversed(range(len(messages))) if isinstance(messages[n], HumanMessage)), 0)
        asked = [m for m in messages[since:] if isinstance(m, ToolMessage) and m.name == PERSON]
        if asked:
            return AIMessage(_says(asked[-1]) or day.sentence)
        if messages and self._wants_person(messages[since].text):
            return AIMessage("", tool_calls=[ToolCall(name=PERSON, args={}, id="person")])
        return AIMessage(day.sentence)


def _says(result: ToolMessage) -> str:
    """The shop's own sentence in a tool's answer."""
    try:
        answer = json.loads(result.text)
    except ValueError:
        return ""
    return str(answer.get("says") or "") if isinstance(answer, dict) else ""


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
