"""From the messages of a conversation to the next step, call or reply: a fold, with nothing kept between calls."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage, SystemMessage

from agent.local.filling import Run
from agent.local.intents import Intent
from agent.local.listening import Listener
from agent.local.recipes import Recipes
from agent.local.remembering import after, after_words, learned, tries
from agent.local.replies import Voice
from agent.local.slots import Reader
from agent.local.speaking import Speaker
from agent.local.tasks import Ask, Call, Memory, Reply, Said, Step, Task, Turn, call_key, turns_of
from agent.local.topics import Topics
from agent.local.understanding import PERSON, Understander
from agent.local.wording import language_of
from agent.signed_out import SIGN_IN_PAGE, SIGNED_OUT

REMEMBERED = 30  # turns that are read again; what a person refers to lies closer
MOST_TRIES = 1  # times a question is repeated before we offer a person
ASKING = "ask_for_person"  # who has called for a person may still want the change they wished for before
MOST_CALLS = 9  # tool calls in one turn; two requests need about four each, so more means that results do not come back


class Dialogue:
    """Decides what comes next in a conversation. Deterministic, so every replica decides alike."""

    def __init__(
        self,
        intents: Mapping[str, Intent],
        reader: Reader,
        understander: Understander,
        recipes: Recipes,
        voice: Voice,
        topics: Topics,
    ) -> None:
        self._intents, self._reader, self._understander = intents, reader, understander
        self._recipes, self._voice = recipes, voice
        self._listener = Listener(intents, reader, understander, topics)
        self._speaker = Speaker(intents, reader, understander, voice)
        self._changing = frozenset(intent.tool for intent in intents.values() if intent.tool and intent.changes)

    def next_step(self, messages: Sequence[BaseMessage], tools: frozenset[str]) -> Call | Reply:
        """The next tool call (only of `tools`), or the reply that ends the turn."""
        turns = turns_of(messages)[-REMEMBERED:]
        if not turns:
            return Reply(self._voice.say("talk", {}, language="en", seed="", intent="greet"))
        memory = Memory()
        for turn in turns[:-1]:
            _, memory = self._take(turn, *_as_then(turn, memory, tools))
        steps, memory = self._take(turns[-1], replace(memory, signed_out=_is_signed_out(messages)), tools)
        last = steps[-1][1]
        if isinstance(last, Call):
            return last if turns[-1].calls < MOST_CALLS else self.cannot(messages)
        return self._speaker.reply(steps, memory, turns)

    def cannot(self, messages: Sequence[BaseMessage]) -> Reply:
        """The reply when a call can't be made: it says so, and that nothing has changed."""
        turns = turns_of(messages)[-REMEMBERED:]
        language = self._language(turns[-1].text, Memory()) if turns else "en"
        return Reply(self._voice.say("error", {}, language=language, seed=str(len(turns))))

    def _take(self, turn: Turn, memory: Memory, tools: frozenset[str]) -> tuple[list[tuple[str, Step]], Memory]:
        """The steps of a turn, each with its intent (a Call, if any, is the last), and what is remembered after it."""
        memory = replace(memory, language=self._language(turn.text, memory))
        heard = self._listener.hear(turn, memory)
        if isinstance(heard, Said):
            memory = learned(after_words(memory, heard), turn, self._changing)
            return [(heard.facts.get("intent", ""), heard)], replace(memory, heard=(*memory.heard, turn.text))
        # What becomes of a change is still asked after when a person has been called since.
        changing = self._changing - {ASKING} if memory.change else self._changing
        memory = learned(self._shelved(memory, heard), turn, changing)
        steps, memory = self._carried_out(heard, turn, memory, tools)
        return steps, replace(memory, heard=(*memory.heard, turn.text))

    def _carried_out(
        self, tasks: Sequence[Task], turn: Turn, memory: Memory, tools: frozenset[str]
    ) -> tuple[list[tuple[str, Step]], Memory]:
        """Each request in order; the first that needs an answer keeps its question open, and others wait behind it."""
        steps: list[tuple[str, Step]] = []
        left, asked = [*tasks, *memory.queue], None
        memory = replace(memory, queue=())
        while left:
            task = left.pop(0)
            step = self._step(task, memory, tools, turn.results)
            if isinstance(step, Ask) and asked is not None:
                memory = replace(memory, queue=(*memory.queue, task))
                continue
            steps.append((task.intent, step))
            if isinstance(step, Call):
                break
            memory = after(memory, task, step)
            if memory.last is not None and self._intents[memory.last.intent].tool in self._changing - {ASKING}:
                memory = replace(memory, wish=memory.last)
            asked = asked or memory.open
        return steps, replace(memory, open=asked) if asked else memory

    def _step(
        self, task: Task, memory: Memory, tools: frozenset[str], results: Mapping[str, Mapping[str, Any]]
    ) -> Step:
        step = advance(self._recipes.carry_out(task, memory, tools), results)
        if task.lead and task.question is None and not isinstance(step, Call):
            step = replace(step, lead=task.lead)
        if isinstance(step, Ask) and tries(task, step) > MOST_TRIES:
            choice = self._intents[PERSON].choice[memory.language or "en"]
            step = Said("person_offer", offers=PERSON, choices=(choice,))
        return step

    def _shelved(self, memory: Memory, tasks: Sequence[Task]) -> Memory:
        """A question that another wish comes in between of is put aside; its answer is still understood later."""
        left, answered = memory.open, {task.question.key for task in tasks if task.question}
        if memory.shelved and memory.shelved.question and memory.shelved.question.key in answered:
            memory = replace(memory, shelved=None)
        if left is None or (left.question and left.question.key in answered):
            return memory
        changes = any(self._intents[task.intent].changes for task in tasks)
        return replace(memory, open=None, shelved=None if changes else left)

    def _language(self, text: str, memory: Memory) -> str:
        words = self._reader.words.split(text)
        if not memory.language:
            # Where the small words say nothing, the nearest example does, if it is near at all.
            heard = self._understander.one(text)
            return language_of(words, self._reader.words, otherwise=heard.language if heard.band == "act" else "en")
        return language_of(words, self._reader.words, otherwise=memory.language)


def _is_signed_out(messages: Sequence[BaseMessage]) -> bool:
    return any(isinstance(message, SystemMessage) and SIGNED_OUT in message.text for message in messages)


def _as_then(turn: Turn, memory: Memory, tools: frozenset[str]) -> tuple[Memory, frozenset[str]]:
    """The memory and the tools with which an earlier turn is read again: who was led to sign in then had no others
    than those that were used, so what they wanted is still known after they have signed in."""
    if SIGN_IN_PAGE not in turn.said:
        return replace(memory, signed_out=False), tools
    return replace(memory, signed_out=True), frozenset(tool for tool, _, _ in turn.answers())


def advance(run: Run, results: Mapping[str, Mapping[str, Any]]) -> Step:
    """Runs a recipe on the results there are: the first call without a result, or how the recipe ended."""
    try:
        call = next(run)
        while (result := results.get(call_key(call.tool, call.args))) is not None:
            call = run.send(result)
    except StopIteration as end:
        step: Step = end.value
        return step
    return call
