"""The embedded model as a LangChain chat model: the graph of a real model runs with it, offline and repeatably."""

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from pathlib import Path
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import LanguageModelInput
from langchain_core.language_models.chat_models import BaseChatModel, generate_from_stream
from langchain_core.messages import AIMessage, AIMessageChunk, BaseMessage
from langchain_core.messages.tool import tool_call_chunk
from langchain_core.outputs import ChatGenerationChunk, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, PrivateAttr

from agent.local.checking import Report, as_line, check_examples
from agent.local.classifier import Lesson
from agent.local.dialogue import Dialogue
from agent.local.embeddings import load_encoder
from agent.local.intents import Intent, load_intents, load_replies
from agent.local.recipes import Recipes
from agent.local.replies import Voice
from agent.local.slots import Reader
from agent.local.soundness import check_replies, check_tools
from agent.local.tasks import Call, Reply
from agent.local.topics import Topics, load_topics
from agent.local.understanding import PERSON, Understander, Understanding
from agent.local.weights import find_weights
from agent.local.wording import clean, load_words

HERE = Path(__file__).parent
TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "number": (int, float),
    "boolean": (bool,),
    "array": (list, tuple),
    "object": (dict,),
    "null": (type(None),),
}


class EmbeddedModel(BaseChatModel):
    """Understands by examples and answers from tool results. It keeps no conversation,
    only a bounded memo of messages read lately, so that a history is not read anew for each call; see `forget`.

    `product_names` help the speller and the reading of things; `order_prefix` is how the shop's order numbers begin;
    `clock` says which day "yesterday" is counted from;
    `folder` holds `intents/`, `words.yaml` and `replies.yaml` of another shop; what is computed from the examples (it
    takes some seconds, told to `progress`) is kept in `cache_folder`; without embeddings n-grams understand alone.
    Raises ValueError for a faulty file.
    """

    product_names: tuple[str, ...] = ()
    order_prefix: str = "HP"
    folder: Path = HERE
    cache_folder: Path | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)
    with_embeddings: bool = True
    find_weights: Callable[[], Path | None] = Field(default=find_weights, exclude=True)
    progress: Callable[[int, int], None] | None = Field(default=None, exclude=True)

    _intents: dict[str, Intent] = PrivateAttr()
    _understander: Understander = PrivateAttr()
    _dialogue: Dialogue = PrivateAttr()

    def model_post_init(self, context: Any, /) -> None:
        """Reads the data and fits the classifier."""
        super().model_post_init(context)
        self._intents = load_intents(self.folder / "intents")
        reader = Reader(load_words(self.folder / "words.yaml"), self.product_names, prefix=self.order_prefix)
        encoder = load_encoder(self.find_weights) if self.with_embeddings else None
        self._understander = Understander(
            self._intents, reader, encoder=encoder, cache=self.cache_folder, progress=self.progress
        )
        voice = Voice(load_replies(self.folder / "replies.yaml"), self._intents)
        if missing := check_replies(self._intents, voice.shared):
            raise ValueError(missing[0])
        recipes = Recipes(self._intents, reader, lambda: self.clock().date())
        topics = Topics(load_topics(self.folder / "topics.yaml", self._intents), self._understander, reader.words)
        self._dialogue = Dialogue(self._intents, reader, self._understander, recipes, voice, topics)

    @property
    def _llm_type(self) -> str:
        return "countersign-embedded"

    @property
    def _identifying_params(self) -> dict[str, Any]:
        return {"model": self._llm_type, "voters": list(self.voters)}

    @property
    def voters(self) -> tuple[str, ...]:
        """What decides together on the meaning of a message: n-grams, and embeddings where weights are there."""
        return self._understander.voters

    def understand(self, text: str) -> Understanding:
        """What one message is understood as, on its own: intent, confidence, runner-up, slots."""
        return self._understander.one(text)

    def requests(self, text: str) -> tuple[Understanding, ...]:
        """The requests in one message, in order."""
        return self._understander.requests(text)

    def understood(self, text: str) -> dict[str, Any]:
        """The same as plain data for a command line, with the action each request leads to."""
        return as_line(self._understander, self._intents, text, today=self.clock().date())

    def wants_person(self, text: str) -> bool:
        """Whether one of the requests in a message is for a person; where it is doubtful, it counts as one."""
        return any(request.intent == PERSON and request.band != "lost" for request in self.requests(text))

    def nearest(self, text: str) -> dict[str, list[tuple[float, Lesson]]]:
        """For each voter the examples most like a text, with their likeness (0-1)."""
        return self._understander.classifier.nearest(clean(text))

    def examined(self) -> Report:
        """What is wrong or doubtful with the examples."""
        return check_examples(self._understander.classifier, self._intents)

    def forget(self) -> None:
        """Empties the memo of messages read lately."""
        self._understander.forget()

    def check(self, tools: Sequence[BaseTool]) -> list[str]:
        """What does not fit between the intents and these tools, one sentence each; empty when all is well."""
        schemas = {tool.name: convert_to_openai_tool(tool)["function"]["parameters"] for tool in tools}
        return check_tools(self._intents.values(), schemas)

    def bind_tools(
        self,
        tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool],
        *,
        tool_choice: str | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """The model with these tools; with `tool_choice="none"` it only talks. No other choice can be forced on it."""
        bound = [] if tool_choice == "none" else [convert_to_openai_tool(tool) for tool in tools]
        return self.bind(tools=bound, **kwargs)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        bound = [convert_to_openai_tool(tool)["function"] for tool in kwargs.get("tools") or ()]
        schemas = {tool["name"]: tool for tool in bound}
        match self._dialogue.next_step(messages, frozenset(schemas)):
            case Call(tool, args) if fits(args, schemas.get(tool)):
                yield ChatGenerationChunk(message=_calling(tool, args, at=len(messages)))
            case Call():
                yield from _speaking(self._dialogue.cannot(messages), run_manager, stop)
            case Reply() as reply:
                yield from _speaking(reply, run_manager, stop)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return generate_from_stream(self._stream(messages, stop, None, **kwargs))


def fits(args: Mapping[str, Any], schema: Mapping[str, Any] | None) -> bool:
    """Whether arguments satisfy a tool's JSON schema: names, required ones, types and listed values."""
    if schema is None:
        return False
    parameters = schema.get("parameters") or {}
    known = parameters.get("properties") or {}
    required = set(parameters.get("required") or ())
    return required <= set(args) <= set(known) and all(_fits_one(value, known[name]) for name, value in args.items())


def _fits_one(value: Any, schema: Mapping[str, Any]) -> bool:
    if "anyOf" in schema:
        return any(_fits_one(value, part) for part in schema["anyOf"])
    if "enum" in schema:
        return value in schema["enum"]
    kinds = TYPES.get(schema.get("type", ""), (object,))
    if isinstance(value, bool) and bool not in kinds and object not in kinds:
        return False
    inner = schema.get("items")
    if isinstance(value, list | tuple) and inner:
        return isinstance(value, kinds) and all(_fits_one(part, inner) for part in value)
    return isinstance(value, kinds)


def _calling(tool: str, args: Mapping[str, Any], *, at: int) -> AIMessageChunk:
    text = json.dumps(args, ensure_ascii=False)
    # The id depends on the place and the call alone, so that a repeated turn repeats its ids and is recognised.
    name = blake2b(f"{at} {tool} {text}".encode(), digest_size=9).hexdigest()
    return AIMessageChunk(
        content="",
        tool_call_chunks=[tool_call_chunk(name=tool, args=text, id=f"call_{name}", index=0)],
        chunk_position="last",
    )


def _speaking(
    reply: Reply, run_manager: CallbackManagerForLLMRun | None, stop: Sequence[str] | None
) -> Iterator[ChatGenerationChunk]:
    text = reply.text
    for mark in stop or ():
        text = text.split(mark, 1)[0]
    for piece in re.findall(r"\s*\S+", text):
        chunk = ChatGenerationChunk(message=AIMessageChunk(content=piece))
        if run_manager:
            run_manager.on_llm_new_token(piece, chunk=chunk)
        yield chunk
    extra = {"choices": list(reply.choices)} if reply.choices else {}
    yield ChatGenerationChunk(message=AIMessageChunk(content="", additional_kwargs=extra, chunk_position="last"))
