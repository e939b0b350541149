"""The last look at what the model says, before the conversation keeps it: the same look the stream has had.

What was struck for the customer is struck in the history too, so the model never meets its own claim again.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.messages import AIMessage, BaseMessage

from agent.reciting import Recital
from agent.saying import Look
from agent.stream import Checked
from agent.turn import Turn

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]


class Reply(AgentMiddleware[Any, Turn]):
    """``canaries`` are words planted in the prompt that must never come out; the marks of the turn are others. No more
    is the prompt itself."""

    def __init__(self, canaries: tuple[str, ...] = (), *, prompt: str = "") -> None:
        super().__init__()
        self._canaries, self._instructions = canaries, Recital(prompt)

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Let the model answer, and keep what may be said of it."""
        response, turn = await handler(request), request.runtime.context
        return ModelResponse([self._kept(message, turn) for message in response.result])

    def look(self, turn: Turn, *, counting: bool = False) -> Look:
        """The look for a turn. Only the one for the history counts, or every strike would count twice."""
        secrets = (*self._canaries, turn.nonce, turn.mark)
        look = Look(turn.record, secrets, self._instructions, today=turn.today)
        return replace(look, struck=turn.struck) if counting else look

    def _kept(self, message: BaseMessage, turn: Turn) -> AIMessage:
        checked = Checked(self.look(turn, counting=True), room=turn.allowance.characters)
        said = "".join([*checked.feed(message.text), *checked.flush()])
        turn.allowance.characters -= len(said)
        calls = message.tool_calls if isinstance(message, AIMessage) else []
        return AIMessage(said, tool_calls=calls, additional_kwargs=message.additional_kwargs)
