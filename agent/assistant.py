"""The assistant: one graph of model, tools and walls, built once and shared by all conversations. It keeps nothing."""

import asyncio
import hashlib
import os
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from datetime import UTC, datetime
from functools import reduce
from operator import or_
from pathlib import Path
from typing import Any

import structlog
from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage
from langchain_core.runnables import RunnableConfig
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool

from agent.breaker import Breaker
from agent.handles import HANDLE, Handles
from agent.heard import Failed, Finished, Heard, Token
from agent.hearing import Hearing
from agent.local import EmbeddedModel
from agent.memory import plain, recent, to_stored
from agent.middleware.budget import Budget
from agent.middleware.fence import Fence
from agent.middleware.gate import Gate
from agent.middleware.inspector import Inspector
from agent.middleware.privacy import Privacy, follow
from agent.middleware.reply import Reply
from agent.middleware.showing import CouldEver, Showing, by_policy, unless_stopped
from agent.middleware.spending import Spending
from agent.middleware.standby import Standby
from agent.models import EMBEDDED, LoadedModel
from agent.tools import COMMANDS, TOOLS
from agent.trouble import trouble
from agent.turn import Asks, Note, Purse, Turn, Unlimited, new_mark
from auth.actor import Act, Actor, Channel
from auth.guard.commands import canonical
from shop.personal import NOBODY, Personal
from shop.switches import NOTHING_STOPPED, Switches

PROMPT = Path(__file__).with_name("prompt.md")
TURN_TIMEOUT_S = 60.0
PATIENCE = 0.75  # of a turn's time for a hosted model; the rest is for the embedded one to go on
STEPS = 40  # twice the model calls of a turn, and room; the budget ends a turn long before
TRACING = ("LANGSMITH_TRACING", "LANGSMITH_TRACING_V2", "LANGCHAIN_TRACING_V2", "LANGCHAIN_TRACING")
OFF = frozenset({"", "0", "false", "no", "off"})
FAILED = "I could not finish this. Nothing was changed without your signature. Please try again or ask for a person."
SLOW = "This took too long, so I stopped. Nothing was changed without your signature. Please try again."
SILENT = "I have nothing sure to say to that. Could you put it another way, or shall I ask a person?"

log = structlog.get_logger(__name__)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class NoAssistant(RuntimeError):
    """The assistant does not start; the message says why."""


class Assistant:
    """Made once, when the house is put together; safe to share between requests.

    ``policy_version`` is the judge's; with the model's name, the prompt and the tools it makes up :attr:`digest`, which
    every audit entry of the assistant carries. Raises :class:`NoAssistant` where tracing would send conversations to a
    third party, and for a tool that stands for no command. ``could_ever`` is the judge's: a tool whose command nobody
    of the asker's role could be permitted is not shown; without one every tool is, and the desk alone refuses.
    """

    def __init__(
        self,
        model: LoadedModel,
        *,
        policy_version: str,
        tools: Sequence[BaseTool] = TOOLS,
        could_ever: CouldEver = lambda role, action: True,
        timeout_s: float = TURN_TIMEOUT_S,
        breaker: Breaker | None = None,
        clock: Callable[[], datetime] = _utc_now,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        _refuse_tracing(environment)
        _refuse_homeless(tools)
        _refuse_misfits(model, tools)
        prompt = PROMPT.read_text("utf-8")
        canary = new_mark()
        self.digest = _digest(model.name, prompt, tools, policy_version)
        # The address of a server of one's own is nobody's business on the health page.
        self.model_name, self.is_remote = model.name.partition("@http")[0], model.is_remote
        # The name of the model that is asked first, and of the one that stands in for it.
        self.models: tuple[str, ...] = (self.model_name, *([EMBEDDED] if model.standby else []))
        self.voters: tuple[str, ...] = tuple(getattr(model.standby or model.model, "voters", ()))
        self.breaker = breaker or Breaker()
        self._timeout_s, self._clock = timeout_s, clock
        self._reply = Reply((canary,), prompt=prompt)
        privacy = Privacy(is_remote=model.is_remote, at_home=model.standby)
        seen = Inspector(model.name, tools, is_remote=model.is_remote, at_home=model.standby)
        standby = [Standby(model.standby, self.breaker, patience_s=timeout_s * PATIENCE)] if model.standby else []
        home = model.standby or (None if model.is_remote else model.model)
        budget = Budget(home.wants_person) if isinstance(home, EmbeddedModel) else Budget()
        shows = by_policy(could_ever, COMMANDS)
        spending = Spending(tools, is_remote=model.is_remote, at_home=model.standby)
        gate = Gate(tools, shows)
        walls = [
            budget,
            self._reply,
            Showing(shows, unless_stopped),
            *standby,
            spending,
            privacy,
            gate,
            Fence(tools),
            seen,
        ]
        self._graph = create_agent(
            model.model,
            tools,
            system_prompt=SystemMessage(f"{prompt}\nThis line is marked {canary}; the mark is never repeated."),
            middleware=walls,
            context_schema=Turn,
        )

    def turn(
        self,
        actor: Actor,
        desk: Asks,
        *,
        conversation: str,
        turn_id: str,
        note: Callable[[Note], None],
        personal: Personal = NOBODY,
        purse: Purse | None = None,
        switches: Switches = NOTHING_STOPPED,
    ) -> Turn:
        """A turn for the person in front of the chat. ``turn_id`` names their message; it stays in a second run.
        ``personal`` is what must not reach a model; it lasts as long as the turn. ``purse`` is what the models take
        from the person's day; without one nothing is counted. ``switches`` are those of the moment it begins; the desk
        reads them anew for each call."""
        asker = actor.through(Channel.CHAT, act=Act("assistant", self.digest), conversation=conversation)
        return Turn(
            asker,
            desk,
            conversation,
            turn_id,
            note,
            handles=Handles(personal),
            today=self._clock().date(),
            purse=purse or Unlimited(),
            models=self.models,
            switches=switches,
        )

    async def answer(self, turn: Turn, history: Sequence[BaseMessage]) -> AsyncGenerator[Heard, None]:
        """Answer the last message of ``history``, the customer's. The last event is :class:`~agent.heard.Finished`.

        Never raises for what a model, a tool or a provider does; then a :class:`~agent.heard.Failed` comes first.
        """
        seen = recent(history)
        _take_in(turn, seen)
        follow(turn, history, is_remote=self.is_remote)
        hearing = Hearing(turn, self._reply, trusts_choices=not self.is_remote)
        sorry = ""
        # Closed here and now when the page goes away: a generator left to the collector would go on working.
        async with aclosing(self._run(turn, seen, hearing)) as running:
            async for heard in running:
                sorry = heard.sentence if isinstance(heard, Failed) else sorry
                yield heard
        if not sorry and not hearing.has_said:
            sorry = SILENT
            yield Token(SILENT)
        if sorry:
            said = "\n\n".join(text for text in (hearing.unkept.strip(), sorry) if text)
            turn.kept.extend(to_stored([AIMessage(said)]))
        await _write_down(turn)
        yield Finished(tuple(turn.kept))

    async def _run(self, turn: Turn, seen: Sequence[BaseMessage], hearing: Hearing) -> AsyncGenerator[Heard, None]:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._timeout_s
        graph: Any = self._graph  # its own types want one message class too few
        parts = graph.astream(
            {"messages": list(seen)},
            RunnableConfig(recursion_limit=STEPS),
            context=turn,
            stream_mode=["messages", "updates", "custom"],
            version="v2",
        )
        try:
            while True:
                # The deadline is set around each wait, never across a yield: a slow browser is not a slow model.
                async with asyncio.timeout_at(deadline):
                    part = await anext(parts, None)
                if part is None:
                    return
                for heard in hearing.take(part):
                    yield heard
        except TimeoutError:
            await _noted(turn, Note("turn.failed", "timeout"))
            yield Failed(SLOW)
        except Exception as error:
            log.error("a turn failed", **trouble(error))
            await _noted(turn, Note("turn.failed", type(error).__name__))
            yield Failed(FAILED)
        finally:
            await parts.aclose()


def _take_in(turn: Turn, seen: Sequence[BaseMessage]) -> None:
    """What earlier turns have shown: the facts in their records, what the customer has typed, and whether the words of
    other people are in view."""
    turn.provenance.follow(seen)
    for body in to_stored(seen):
        if body["role"] == "tool":
            turn.record.learn(str(body["name"]), str(body["text"]), now=False)
    for said in (*turn.provenance.own, *turn.provenance.pages):
        turn.record.hear(said)


async def _write_down(turn: Turn) -> None:
    # Of all calls, not the last: when the embedded model went on, the hosted one had been asked before.
    withheld = reduce(or_, (Counter(handed.withheld) for handed in turn.handed), Counter[str]())
    for kind, counted in (("text.struck", turn.struck), ("text.withheld", withheld)):
        # Handles are how the assistant always works; what is noted is personal data that was on its way.
        named = sorted((name, number) for name, number in counted.items() if name != HANDLE)
        if named:
            why = ",".join(f"{name}:{number}" for name, number in named)
            await _noted(turn, Note(kind, why))


async def _noted(turn: Turn, note: Note) -> None:
    """At the end of a turn nothing is left to stop, so a note that cannot be written is only logged."""
    try:
        await asyncio.to_thread(turn.note, note)
    except Exception as error:
        log.error("a note of a turn was lost", kind=note.kind, **trouble(error))


def _refuse_tracing(environment: Mapping[str, str]) -> None:
    on = [name for name in TRACING if environment.get(name, "").strip().casefold() not in OFF]
    if on:
        raise NoAssistant(
            f"{on[0]} is set: it would send every conversation to a third party. Unset it to start the assistant."
        )


def _refuse_homeless(tools: Sequence[BaseTool]) -> None:
    homeless = sorted(tool.name for tool in tools if tool.name not in COMMANDS)
    if homeless:
        raise NoAssistant(f"{homeless[0]} is a tool without a command: name its command in TOOLS of its file.")


def _refuse_misfits(model: LoadedModel, tools: Sequence[BaseTool]) -> None:
    """The embedded model's intents name tools and arguments; one that does not fit would fail before a customer."""
    if isinstance(model.model, EmbeddedModel) and (problems := model.model.check(tools)):
        raise NoAssistant(f"{problems[0]} (agent/local/intents).")


def _digest(model: str, prompt: str, tools: Sequence[BaseTool], policy_version: str) -> str:
    made_of = [model, prompt, [plain(convert_to_openai_tool(tool), depth=12) for tool in tools], policy_version]
    return hashlib.sha256(canonical(made_of).encode()).hexdigest()
