"""A model on another machine, made fit to rely on: bounded waits, a few retries, whole sentences, whole tool calls.

Either its answer comes whole, or :class:`Away` says why not and what of its text had already been passed on. A text is
passed on sentence by sentence, so a line that is cut leaves no half sentence; tool calls are passed on only once the
provider has said that the message is complete, so half an argument is never taken for a whole one.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from random import SystemRandom
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel, LanguageModelInput
from langchain_core.language_models.chat_models import agenerate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import ToolCallChunk, tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable, RunnableBinding

from agent.away import Away, away_from
from agent.stream import sentence_end

# Of text, of arguments and of pieces in one message: a stream without end is no answer, and LangChain takes time for
# broken JSON that grows with the square of its length.
MOST_CHARACTERS, MOST_ARGUMENTS, MOST_CHUNKS = 60_000, 4_000, 40_000
# How OpenAI, Google, Anthropic and Ollama say that a message is complete.
ENDINGS = ("finish_reason", "stop_reason", "done_reason")
UNREADABLE = '{"unreadable": true}'


@dataclass(frozen=True, slots=True)
class Patience:
    """How long one call may be silent, how often it is tried again, and the pauses between, in seconds."""

    silence_s: float = 30.0
    retries: int = 2
    pause_s: float = 0.5
    longest_pause_s: float = 8.0


class Hosted(BaseChatModel):
    """Wraps a LangChain model whose own retries are off. ``jitter`` draws a number between two others."""

    model: BaseChatModel
    patience: Patience = Patience()
    jitter: Callable[[float, float], float] = SystemRandom().uniform

    @property
    def _llm_type(self) -> str:
        return "countersign-hosted"

    def bind_tools(
        self, tools: Sequence[Any], *, tool_choice: str | None = None, until: float | None = None, **kwargs: Any
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with these tools. ``until`` is the time of the running loop at which we stop waiting for it."""
        bound = self.model.bind_tools(tools, tool_choice=tool_choice, **kwargs)
        if not isinstance(bound, RunnableBinding):
            raise TypeError(f"{type(self.model).__name__} binds tools in a way of its own")
        return self.bind(until=until, **bound.kwargs)

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        until = kwargs.pop("until", None)
        deadline = float("inf") if until is None else float(until)
        said, tries = "", 0
        while True:
            try:
                async for chunk in self._once(messages, stop, deadline, kwargs):
                    said += chunk.text
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
                return
            except Away as away:
                away.said = said
                # Once a sentence has been passed on, a second try would say it again.
                if said or not await self._paused(away, tries, deadline):
                    raise
                tries += 1

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return await agenerate_from_stream(self._astream(messages, stop, None, **kwargs))

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        raise NotImplementedError("the assistant streams: it asks a hosted model asynchronously only")

    async def _once(
        self, messages: list[BaseMessage], stop: list[str] | None, deadline: float, kwargs: dict[str, Any]
    ) -> AsyncIterator[ChatGenerationChunk]:
        """One request, to its end; :class:`Away` when that does not come."""
        waiting, told, args, chunks = "", 0, 0, list[AIMessageChunk]()
        # Without callbacks of its own: the stream of the graph would hear each word a second time.
        stream: Any = self.model.astream(messages, {"callbacks": []}, stop=stop, **kwargs)
        async with aclosing(stream):
            while (chunk := await self._next(stream, deadline)) is not None:
                chunks.append(chunk)
                told += len(chunk.text)
                args += sum(len(call["args"] or "") for call in chunk.tool_call_chunks)
                if told > MOST_CHARACTERS or args > MOST_ARGUMENTS or len(chunks) > MOST_CHUNKS:
                    raise Away("endless")
                done, waiting = _whole_sentences(waiting + chunk.text)
                if done:
                    yield ChatGenerationChunk(message=AIMessageChunk(content=done))
        # Put together once: LangChain reads all the arguments anew each time that two chunks are joined.
        whole = AIMessageChunk(content="") + chunks
        if not any(whole.response_metadata.get(name) for name in ENDINGS):
            raise Away("cut", is_passing=True)
        calls = [_readable(call, number) for number, call in enumerate(whole.tool_call_chunks)]
        last = AIMessageChunk(
            content=waiting, tool_call_chunks=calls, usage_metadata=whole.usage_metadata, chunk_position="last"
        )
        yield ChatGenerationChunk(message=last)

    async def _next(self, stream: Any, deadline: float) -> AIMessageChunk | None:
        now = asyncio.get_running_loop().time()
        try:
            async with asyncio.timeout_at(min(deadline, now + self.patience.silence_s)):
                chunk: AIMessageChunk | None = await anext(stream, None)
                return chunk
        except Exception as error:
            # Whatever a provider's package raises, the turn goes on with the model at home.
            raise away_from(error) from error

    async def _paused(self, away: Away, tries: int, deadline: float) -> bool:
        """Whether it is worth another try; if so, the pause before it is over."""
        bounds = self.patience
        if not away.is_passing or tries >= bounds.retries:
            return False
        pause = away.retry_after_s + self.jitter(0, min(bounds.pause_s * 2**tries, bounds.longest_pause_s))
        loop = asyncio.get_running_loop()
        if away.retry_after_s > bounds.longest_pause_s or loop.time() + pause >= deadline:
            return False
        await asyncio.sleep(pause)
        return True


def _whole_sentences(text: str) -> tuple[str, str]:
    """The sentences that are complete, with the white space after them, and the rest."""
    end = 0
    while (step := sentence_end(text[end:])) is not None:
        end += step
    # The white space goes with them, because only then does the next reader know that the sentence is over.
    end = len(text) - len(text[end:].lstrip()) if end else 0
    return text[:end], text[end:]


def _readable(call: ToolCallChunk, number: int) -> ToolCallChunk:
    """A call with arguments that are JSON, or with some that the gate refuses: LangChain mends broken JSON by guess."""
    try:
        known = isinstance(json.loads(call["args"] or "{}"), dict)
    except (ValueError, RecursionError):
        known = False
    args = (call["args"] or "{}") if known else UNREADABLE
    return tool_call_chunk(name=call["name"], args=args, id=call["id"] or f"call_{number}", index=number)
