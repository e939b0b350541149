"""The gate before every tool: a known tool, arguments that fit, within this turn's allowance, and noted.

Leaving a tool out of what the model is shown does not keep the model from calling it, so the gate stands at the call.
It says no in one sentence that names no other tool, and it never raises: an exception in a tool ends the whole turn.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ToolCallRequest
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from langgraph.types import Command
from pydantic import BaseModel, ValidationError

from agent.memory import plain
from agent.tools.asking import ERROR, refusal, written
from agent.trouble import trouble
from agent.turn import Note, Turn, Used

LONGEST_ARGUMENTS = 8000
LONGEST_RESULT = 8000
UNKNOWN = "There is no such tool. Say what you can't do, or ask for a person."
SPENT = "That were many steps for one message. Answer with what you know, or offer a person."
MISFIT = "These arguments don't fit. Ask the customer for what is missing."

Handler = Callable[[ToolCallRequest], Awaitable[ToolMessage | Command[Any]]]
log = structlog.get_logger(__name__)


class Gate(AgentMiddleware[Any, Turn]):
    """Built with the tools it knows; everything else about a call comes from the turn."""

    def __init__(self, tools: Sequence[BaseTool]) -> None:
        super().__init__()
        if not tools:
            raise ValueError("an assistant without tools can do nothing: hand over the tools")
        self._schemas: dict[str, Any] = {tool.name: tool.tool_call_schema for tool in tools}
        self._names = {tool.name: frozenset(tool.args) for tool in tools}

    async def awrap_tool_call(self, request: ToolCallRequest, handler: Handler) -> ToolMessage | Command[Any]:
        """One call at a time, so that what one result taints is tainted for the next."""
        turn = turn_of(request)
        async with turn.one_at_a_time:
            text = await self._let_through(turn, request, handler)
        return _message(request, text)

    async def _let_through(self, turn: Turn, request: ToolCallRequest, handler: Handler) -> str:
        name, arguments = request.tool_call["name"], request.tool_call["args"]
        no = self._refuses(turn, name, arguments)
        if no is not None:
            says, why = no
            turn.used.append(Used(name if name in self._names else "unknown", "refused"))
            await asyncio.to_thread(turn.note, Note("tool.refused", why, name if name in self._names else ""))
            return written(refusal(says, why))
        key = name + json.dumps(plain(arguments), sort_keys=True)
        text = turn.answers.get(key) or await _carried_out(request, handler)
        turn.answers[key] = text
        outcome = turn.record.learn(name, text, now=True)
        if outcome == "done":
            # A change makes what was read before it old; the same change is never asked for twice in a turn.
            turn.answers = {k: t for k, t in turn.answers.items() if '"outcome"' in t[:12]}
        turn.used.append(Used(name, outcome))
        return text

    def _refuses(self, turn: Turn, name: str, arguments: Any) -> tuple[str, str] | None:
        """The sentence and the code of a refusal, or ``None``."""
        if turn.allowance.tool_calls <= 0:
            return SPENT, "turn-budget"
        turn.allowance.tool_calls -= 1
        schema = self._schemas.get(name)
        if schema is None:
            return UNKNOWN, "unknown-tool"
        if not isinstance(arguments, dict) or not set(arguments) <= self._names[name]:
            return MISFIT, "invalid-arguments"
        if len(json.dumps(arguments, default=str)) > LONGEST_ARGUMENTS or not _fits(schema, arguments):
            return MISFIT, "invalid-arguments"
        return None


def turn_of(request: ToolCallRequest) -> Turn:
    """The turn a call belongs to. LangGraph's types do not carry the context's, so this is where it is made sure."""
    turn: object = request.runtime.context
    if not isinstance(turn, Turn):
        raise TypeError("the graph runs with a Turn as its context")
    return turn


def _fits(schema: type[BaseModel], arguments: dict[str, Any]) -> bool:
    try:
        schema.model_validate(arguments)
    except (ValidationError, ValueError):
        return False
    return True


async def _carried_out(request: ToolCallRequest, handler: Handler) -> str:
    try:
        result = await handler(request)
    except Exception as error:
        log.error("a tool raised", tool=request.tool_call["name"], **trouble(error))
        return written({"outcome": "error", "says": ERROR})
    if not isinstance(result, ToolMessage) or result.status == "error":
        # LangChain's own error texts repeat arguments and list tools, so they stay here.
        return written({"outcome": "error", "says": ERROR})
    if len(result.text) > LONGEST_RESULT:
        return written({"outcome": "error", "says": "That is more than fits here. Ask for less of it."})
    return result.text


def _message(request: ToolCallRequest, text: str) -> ToolMessage:
    return ToolMessage(text, tool_call_id=str(request.tool_call["id"]), name=request.tool_call["name"])
