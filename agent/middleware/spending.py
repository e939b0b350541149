"""The day's budget at each model call: reserved before the call, settled after it with what the model says it used.

It stands inside Standby. Where only a hosted model's share is spent it is away like one that does not answer, and the
embedded model goes on; where the calls themselves are spent, the turn ends with a sentence: when it is back, who helps.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import Any, Final

import structlog
from langchain.agents.middleware import AgentMiddleware
from langchain.agents.middleware.types import ModelRequest, ModelResponse
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.away import Away
from agent.trouble import trouble
from agent.turn import Note, Turn
from shop.allowances import ANSWER_TOKENS, Reservation, Spent, Use, Wanted

BYTES_A_TOKEN: Final = 4  # where a model does not say what it used: bytes of UTF-8 divided by this, rounded up
MOST_TOKENS: Final = 10_000_000  # of one call; a provider that reports more than that is not believed

YOURS = "You have used up all that I may do for one person in a day. I am back {when}."
OURS = "So much was asked of me today that I have used up what I may do in a day. I am back {when}."
MEANWHILE = "Until then every page of the shop works as always, and a person can help: ask for one right here."
YOUR_SHARE = "Your share of the larger model is used up for today, and is back {when}; the built-in assistant goes on."
OUR_SHARE = "The larger model is used up for today, and is back {when}; the built-in assistant goes on."

Handler = Callable[[ModelRequest[Turn]], Awaitable[ModelResponse[Any]]]
log = structlog.get_logger(__name__)


class DaySpent(Exception):
    """No model may be called any more today. ``sentence`` is fit for the customer."""

    def __init__(self, spent: Spent) -> None:
        super().__init__(spent.code)
        said = YOURS if spent.whose == "account" else OURS
        self.sentence = f"{said.format(when=_when(spent.again_in))} {MEANWHILE}"


class Spending(AgentMiddleware[Any, Turn]):
    """``is_remote`` says that the usual model is a hosted one, which costs; ``at_home`` is the embedded one that does
    not, and goes on. The turn's purse does the counting."""

    def __init__(self, tools: Sequence[BaseTool], *, is_remote: bool, at_home: BaseChatModel | None = None) -> None:
        super().__init__()
        self._is_remote, self._at_home = is_remote, at_home
        self._bytes_of = {tool.name: len(json.dumps(convert_to_openai_tool(tool))) for tool in tools}

    async def awrap_model_call(self, request: ModelRequest[Turn], handler: Handler) -> ModelResponse[Any]:
        """Let the model be called if the day has room for it. A call that fails has spent what was reserved for it."""
        turn = request.runtime.context
        is_hosted = self._is_remote and request.model is not self._at_home
        wanted = Wanted(is_hosted, self._asked(request), ANSWER_TOKENS if is_hosted else 0)
        taken = await asyncio.to_thread(turn.purse.reserve, wanted)
        if isinstance(taken, Spent):
            await asyncio.to_thread(turn.note, Note("allowance.spent", taken.code))
            # The embedded model costs nothing, so only a person's own calls can keep it from answering them.
            if is_hosted and (taken.what, taken.whose) != ("calls", "account") and self._at_home is not None:
                raise _rationed(taken)
            raise DaySpent(taken)
        response = await handler(request)
        await asyncio.to_thread(_settled, turn, taken, _used(taken, response.result))
        return response

    def _asked(self, request: ModelRequest[Turn]) -> int:
        """About how many tokens the call hands over: the prompt, the messages, and the descriptions of the tools."""
        told = sum(self._bytes_of.get(tool.name, 0) for tool in request.tools if isinstance(tool, BaseTool))
        prompt = "" if request.system_message is None else request.system_message.text
        return _tokens(told + len(prompt.encode(errors="replace")) + sum(map(_bytes, request.messages)))


def _rationed(spent: Spent) -> Away:
    said = YOUR_SHARE if spent.whose == "account" else OUR_SHARE
    # The request is ours to hold back, so nothing is learnt about whether the model answers.
    return Away(f"day-{spent.code}", is_ours=True, says=said.format(when=_when(spent.again_in)))


def _settled(turn: Turn, taken: Reservation, used: Use) -> None:
    try:
        turn.purse.settle(taken, used)
    except Exception as error:
        # The answer is there and shall be given; what was reserved for it stays spent.
        log.error("a model call could not be settled", **trouble(error))


def _used(taken: Reservation, answers: Sequence[BaseMessage]) -> Use:
    """What the model says it used; where it says nothing that can be, what was reserved, or the answer if it is longer.

    A guess gives nothing back: what a model thinks before it speaks is billed and cannot be seen.
    """
    usage = next((m.usage_metadata for m in answers if isinstance(m, AIMessage) and m.usage_metadata), None)
    told = (0, 0) if usage is None else (usage["input_tokens"], usage["output_tokens"])
    if all(0 <= count <= MOST_TOKENS for count in told) and any(told):
        return Use(tokens_in=told[0], tokens_out=told[1])
    return Use(tokens_in=taken.tokens_in, tokens_out=max(taken.tokens_out, _tokens(sum(map(_bytes, answers)))))


def _bytes(message: BaseMessage) -> int:
    calls = json.dumps(message.tool_calls, default=str) if isinstance(message, AIMessage) and message.tool_calls else ""
    return len(f"{message.text}{calls}".encode(errors="replace"))


def _tokens(bytes_: int) -> int:
    return -(-bytes_ // BYTES_A_TOKEN)


def _when(again_in: timedelta) -> str:
    hours = round(again_in.total_seconds() / 3600)
    wait = "within the hour" if hours < 1 else "in about an hour" if hours == 1 else f"in about {hours} hours"
    return f"at midnight UTC, {wait}"
