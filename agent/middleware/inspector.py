"""Keeps what each call hands to a model, byte for byte, so that the customer can read it. It is the innermost wall:
nothing changes the call after it.
"""

import hashlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.memory import plain
from agent.models import EMBEDDED
from agent.turn import Handed, Turn
from auth.guard.commands import canonical

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Inspector(AgentMiddleware[Any, Turn]):
    """Built with the model's name and the tools, whose digests stand for their descriptions; ``at_home`` is the model
    that stands in for it."""

    def __init__(
        self, model: str, tools: Sequence[BaseTool], *, is_remote: bool, at_home: BaseChatModel | None = None
    ) -> None:
        super().__init__()
        self._model, self._is_remote, self._at_home = model, is_remote, at_home
        self._digests = {tool.name: tool_digest(tool) for tool in tools}

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Write the call down before it is made: one that fails has been seen all the same."""
        turn = request.runtime.context
        names = [tool.name for tool in request.tools if isinstance(tool, BaseTool)]
        tools = {name: self._digests[name] for name in names}
        stood_in = self._at_home is not None and request.model is self._at_home
        model = EMBEDDED if stood_in else self._model
        content = handed_over(model, request.system_message, request.messages, tools)
        turn.handed.append(Handed(model, self._is_remote and not stood_in, content, dict(turn.withheld)))
        return await handler(request)


def handed_over(
    model: str, system: SystemMessage | None, messages: Sequence[BaseMessage], tools: Mapping[str, str]
) -> bytes:
    """The call as canonical JSON in UTF-8: the model's name, the prompt, the messages in order, and each tool by its
    name and digest."""
    told = {
        "model": model,
        "prompt": "" if system is None else system.text,
        "messages": [_as_json(message) for message in messages],
        "tools": [{"name": name, "digest": digest} for name, digest in tools.items()],
    }
    return canonical(told).encode(errors="backslashreplace")


def tool_digest(tool: BaseTool) -> str:
    """SHA-256 of the tool's name, description and arguments as models are told them, in hexadecimal."""
    return hashlib.sha256(canonical(plain(convert_to_openai_tool(tool), depth=12)).encode()).hexdigest()


def _as_json(message: BaseMessage) -> dict[str, Any]:
    told: dict[str, Any] = {"role": message.type, "content": message.content}
    if isinstance(message, AIMessage) and message.tool_calls:
        told["calls"] = [{"id": c["id"], "name": c["name"], "args": c["args"]} for c in message.tool_calls]
    if isinstance(message, ToolMessage):
        told |= {"call": message.tool_call_id, "name": message.name}
    # Everything else that rides along, so that nothing can be handed over without being seen here.
    return told | ({"more": message.additional_kwargs} if message.additional_kwargs else {})
