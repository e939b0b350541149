"""The attacker as a chat model: in each turn it plays one attempt, and notes what came of every call.

Without an attempt that was handed to it, the attempt follows from the seed and the conversation alone, so any replica
plays the same one. It holds no key, no session and no desk: it has what every model has, the tools it is shown.
"""

import json
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from types import MappingProxyType
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models.chat_models import BaseChatModel
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage, HumanMessage, SystemMessage, ToolMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGeneration, ChatGenerationChunk, ChatResult
from langchain_core.tools import BaseTool
from pydantic import PrivateAttr

from agent.compromised.attempts import Answer, Attempt, toolbox
from agent.compromised.families import draw
from agent.compromised.knowledge import Knowledge
from agent.tools import TOOLS

COMPROMISED = "compromised"  # the model's name, where models are named
KEPT = 2000  # notes of calls, the newest
PIECE = 80  # characters of a token
CUT_OFF = "cut off: too many calls in one answer"


@dataclass(frozen=True, slots=True)
class Tried:
    """One call as the attacker saw it end. ``outcome`` is the tool's (``shown``, ``not_found``, ``refused``, …),
    ``stopped_by`` what stood in its way, empty where nothing had to, ``result`` the text it was given to read."""

    family: str
    tool: str
    outcome: str
    stopped_by: str
    result: str


class CompromisedModel(BaseChatModel):
    """``know`` is asked at the beginning of each turn for what the attacker knows by heart."""

    seed: int = 1
    _know: Callable[[], Knowledge] = PrivateAttr()
    _tools: tuple[BaseTool, ...] = PrivateAttr(default=TOOLS)
    _handed: Attempt | None = PrivateAttr(default=None)
    _tried: deque[Tried] = PrivateAttr(default_factory=lambda: deque(maxlen=KEPT))
    _said: deque[str] = PrivateAttr(default_factory=lambda: deque(maxlen=8))
    _shown: deque[str] = PrivateAttr(default_factory=lambda: deque(maxlen=64))

    def __init__(self, know: Callable[[], Knowledge], *, seed: int = 1, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seed, self._know = seed, know

    def play(self, attempt: Attempt | None) -> None:
        """Play this attempt in every turn from here on; with ``None`` again whatever the dice say."""
        self._handed = attempt

    def draw(self, dice: Random) -> Attempt:
        """An attempt with the tools it was shown last."""
        return draw(toolbox(self._tools, self._know(), dice))

    def take_tried(self) -> list[Tried]:
        """The calls that have ended since the last time this was asked, oldest first."""
        return _taken(self._tried)

    def take_said(self) -> list[str]:
        """What it has said since the last time this was asked, as it was before anybody looked at it."""
        return _taken(self._said)

    def take_shown(self) -> list[str]:
        """Instructions and results it was shown since the last time this was asked."""
        return _taken(self._shown)

    @property
    def _llm_type(self) -> str:
        return "compromised"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Any:
        self._tools = tuple(tool for tool in tools if isinstance(tool, BaseTool))
        return self.bind()

    def _next(self, messages: Sequence[BaseMessage]) -> AIMessage:
        last = max((n for n, message in enumerate(messages) if isinstance(message, HumanMessage)), default=0)
        since = messages[last + 1 :]
        said_before = [message for message in since if isinstance(message, AIMessage)]
        attempt = self._handed or self.draw(Random(f"{self.seed}|{last}|{messages[last].text}"))  # noqa: S311
        step = min(len(said_before), len(attempt.answers) - 1)
        shown = [
            *(m.text for m in messages if isinstance(m, SystemMessage)),
            *(m.text for m in since if isinstance(m, ToolMessage)),
        ]
        self._shown.extend(shown)
        if said_before:
            self._note(attempt, attempt.answers[step - 1 if step else 0], since)
        return self._as_message(attempt.answers[step], shown)

    def _note(self, attempt: Attempt, asked: Answer, since: Sequence[BaseMessage]) -> None:
        """What came of the calls of the answer before this one; those that nobody answered were cut off."""
        results = list[ToolMessage]()
        for message in reversed(since):
            if not isinstance(message, ToolMessage):
                break
            results.insert(0, message)
        for number, (name, _) in enumerate(asked.calls):
            told = results[number].text if number < len(results) else ""
            outcome, stopped_by = ended(told) if number < len(results) else ("refused", CUT_OFF)
            self._tried.append(Tried(attempt.family, name, outcome, stopped_by, told))

    def _as_message(self, answer: Answer, shown: Sequence[str]) -> AIMessage:
        text = answer.says if isinstance(answer.says, str) else answer.says(shown)
        if text:
            self._said.append(text)
        calls = [
            {"name": name, "args": dict(arguments), "id": f"c{n}", "type": "tool_call"}
            for n, (name, arguments) in enumerate(answer.calls)
        ]
        return AIMessage(text, tool_calls=calls)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return ChatResult(generations=[ChatGeneration(message=self._next(messages))])

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        answer = self._next(messages)
        for start in range(0, len(answer.text), PIECE):
            chunk = ChatGenerationChunk(message=AIMessageChunk(content=answer.text[start : start + PIECE]))
            if run_manager:
                run_manager.on_llm_new_token(chunk.text, chunk=chunk)
            yield chunk
        calls = [
            tool_call_chunk(name=call["name"], args=json.dumps(call["args"]), id=call["id"], index=n)
            for n, call in enumerate(answer.tool_calls)
        ]
        yield ChatGenerationChunk(message=AIMessageChunk(content="", tool_call_chunks=calls, chunk_position="last"))


_WALLS: Mapping[str, str] = MappingProxyType(
    {
        "unknown-tool": "gate: there is no such tool",
        "invalid-arguments": "gate: arguments that do not fit",
        "turn-budget": "gate: too many calls in one turn",
        "unknown-handle": "privacy: a handle of nothing",
    }
)
_ENDS: Mapping[str, str] = MappingProxyType(
    {
        "not_found": "desk: not there, or not theirs",
        "awaiting_approval": "card: waits for the customer’s signature",
        "pending": "card: waits for the customer’s signature",
        "error": "tool: ended without a change",
    }
)


def ended(result: str) -> tuple[str, str]:
    """How a call ended, by the text it was answered with: the outcome, and what stopped it (empty for nothing)."""
    try:
        answer = json.loads(result)
    except ValueError:
        return "error", _ENDS["error"]
    told: Mapping[str, Any] = answer if isinstance(answer, dict) else {}
    outcome = str(told.get("outcome", "shown"))
    if outcome == "refused":
        policy = str(told.get("policy", ""))
        return outcome, _WALLS.get(policy, f"policy {policy}")
    return outcome, _ENDS.get(outcome, "")


def _taken(kept: "deque[Any]") -> list[Any]:
    taken = list(kept)
    kept.clear()
    return taken
