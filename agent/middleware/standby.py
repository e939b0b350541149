"""The embedded model goes on where the hosted one does not answer: the customer is told once, and the log keeps why.

It stands outside Privacy, so a message for the hosted model is always redacted, and the one that stays in this process
gets the customer's own words, as it does when it is the only model.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage

from agent.away import Away
from agent.breaker import Breaker
from agent.heard import StoodIn
from agent.trouble import trouble
from agent.turn import Note, Turn

NOTICE = "The usual model does not answer right now; the built-in assistant goes on."
RESTING, STOPPED = "resting", "switched-off"

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
log = structlog.get_logger(__name__)


class Standby(AgentMiddleware[Any, Turn]):
    """``standby`` is the embedded model. All calls of a turn together wait ``patience_s`` seconds for the usual one."""

    def __init__(self, standby: BaseChatModel, breaker: Breaker, *, patience_s: float) -> None:
        super().__init__()
        self._standby, self._breaker, self._patience_s = standby, breaker, patience_s

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Ask the usual model, and the standby if that gives no answer; it then stays for the rest of the turn."""
        turn = request.runtime.context
        if turn.stood_in:
            return await self._instead(request, handler)
        if turn.model in turn.switches.models:
            return await self._stand_in(request, handler, Away(STOPPED))
        if not self._breaker.lets_through():
            return await self._stand_in(request, handler, Away(RESTING))
        if turn.usual_until is None:
            turn.usual_until = asyncio.get_running_loop().time() + self._patience_s
        settings = {**request.model_settings, "until": turn.usual_until}
        try:
            response = await handler(request.override(model_settings=settings))
        except Away as away:
            if away.says:
                # The day was spent before the model was asked, so nothing is known of it.
                self._breaker.not_asked()
            if not away.is_ours:
                # What one customer wrote may be refused; that must not take the model from all the others.
                self._breaker.failed(asked_rest_s=away.retry_after_s)
            log.warning("the hosted model gave no answer", code=away.code, **trouble(away.__cause__ or away))
            return await self._stand_in(request, handler, away)
        self._breaker.succeeded()
        return response

    async def _stand_in(self, request: ModelRequest[Turn], handler: Handler, away: Away) -> ModelResponse[Any]:
        turn = request.runtime.context
        turn.stood_in = True
        if turn.model in turn.switches.models:
            # The one that would stand in is switched off, so there is nobody left to ask.
            raise away
        await asyncio.to_thread(turn.note, Note("model.stood_in", away.code))
        request.runtime.stream_writer(StoodIn(away.says or NOTICE))
        response = await self._instead(request, handler)
        return ModelResponse([_after(away.said, message) for message in response.result])

    async def _instead(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        return await handler(request.override(model=self._standby))


def _after(said: str, message: BaseMessage) -> BaseMessage:
    """What the customer has read already stays, before what comes now."""
    if not said.strip() or not isinstance(message, AIMessage):
        return message
    text = "\n\n".join(part for part in (said.rstrip(), message.text) if part)
    return AIMessage(text, tool_calls=message.tool_calls, additional_kwargs=message.additional_kwargs)
