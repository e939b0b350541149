"""A fence around other people's words: labelled, delimited with a mark nobody could foresee, and the turn is tainted.

A model may still follow what stands inside the fence. The promises are in the policy: every change that is requested
while such text is in view needs a fresh code (``chat.tainted-writes-need-second-factor``), and no change takes a value
from it (``chat.values-have-an-origin``), for which this wall finds out where each value of a call came from.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse, ToolCallRequest
from langchain_core.messages import AnyMessage, HumanMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from langgraph.types import Command

from agent.fenced import NOTICE, fenced
from agent.middleware.gate import turn_of
from agent.pasted import holds_pasted, parts_of
from agent.record import BY_OTHERS
from agent.tools.asking import written
from agent.turn import Turn
from auth.actor import Origin

OWN_WORDS = "in the customer's words"  # how a tool describes an argument that the customer tells
LONGEST = 500

Handler = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
Answering = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Fence(AgentMiddleware[Any, Turn]):
    """Stands inside the gate: it sees the raw result of a tool, and the gate sees the fenced one."""

    def __init__(self, tools: Sequence[BaseTool]) -> None:
        super().__init__()
        self._words = {tool.name: _fixed_words(tool) for tool in tools}
        self._told = {tool.name: _told_by_customer(tool) for tool in tools}

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Answering) -> ModelResponse[Any]:
        """Fence what the customer has pasted: somebody else may have written it."""
        nonce = request.runtime.context.nonce
        if not any(isinstance(message, HumanMessage) and holds_pasted(message.text) for message in request.messages):
            return await handler(request)
        return await handler(request.override(messages=[_shown(message, nonce) for message in request.messages]))

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        """Find out the origins of the arguments, and fence every text under ``by_others`` in the result."""
        turn, name = turn_of(request), request.tool_call["name"]
        arguments = self._in_own_words(turn, name, request.tool_call["args"])
        turn.origins = turn.provenance.of(arguments, self._words.get(name))
        try:
            result = await handler(request.override(tool_call={**request.tool_call, "args": arguments}))
        finally:
            turn.origins = ()
        if not isinstance(result, ToolMessage):
            return result
        # The taint comes first: if fencing failed half way, the text would have been seen all the same.
        turn.provenance.learn(arguments, result.text)
        answer = _read(result.text)
        if not isinstance(answer, dict) or not answer.get(BY_OTHERS):
            return result
        shown = {**answer, "notice": NOTICE, BY_OTHERS: fenced(answer[BY_OTHERS], turn.nonce)}
        return result.model_copy(update={"content": written(shown)})

    def _in_own_words(self, turn: Turn, name: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments, with the customer's own words where a model has put a reason into words of its own.

        What stands in text by others stays as it is, so that the policy sees it and says no.
        """
        origins = dict(turn.provenance.of(arguments))
        unsaid = [key for key in self._told.get(name, ()) if origins.get(key) is Origin.UNKNOWN]
        return {**arguments, **{key: turn.provenance.own_words_for(str(arguments[key]))[:LONGEST] for key in unsaid}}


def _shown(message: AnyMessage, nonce: str) -> AnyMessage:
    if not isinstance(message, HumanMessage) or not holds_pasted(message.text):
        return message
    parts = [str(fenced(part.text, nonce)) if part.is_pasted else part.text for part in parts_of(message.text)]
    return message.model_copy(update={"content": " ".join(parts) + f"\n({NOTICE})"})


def _told_by_customer(tool: BaseTool) -> tuple[str, ...]:
    """The arguments that hold what the customer tells, in their words, as the tool describes them."""
    return tuple(name for name, about in _properties(tool).items() if OWN_WORDS in str(about.get("description", "")))


def _fixed_words(tool: BaseTool) -> Mapping[str, frozenset[str]]:
    """The choices of each argument that has fixed ones."""
    return {name: frozenset(words) for name, about in _properties(tool).items() if (words := _choices(about))}


def _properties(tool: BaseTool) -> Mapping[str, Mapping[str, Any]]:
    properties: Mapping[str, Mapping[str, Any]] = convert_to_openai_tool(tool)["function"]["parameters"]["properties"]
    return properties


def _choices(about: Mapping[str, Any]) -> list[str]:
    found = [*about.get("enum", ()), *([about["const"]] if "const" in about else [])]
    for inner in about.get("anyOf", ()):
        found += _choices(inner)
    return [str(word) for word in found]


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None
