"""From the messages of a conversation to the next step, call or reply: a fold, with nothing kept between calls."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from langchain_core.messages import BaseMessage

from agent.local.filling import Run, in_force
from agent.local.intents import Intent
from agent.local.outcomes import CHANGES, changes_in, recalled
from agent.local.recipes import Recipes
from agent.local.replies import Voice, in_words
from agent.local.slots import Reader
from agent.local.tasks import Ask, Call, Memory, Reply, Said, Step, Task, Turn, call_key, turns_of
from agent.local.understanding import Understander, Understanding
from agent.local.wares import PROPERTY
from agent.local.wording import fold, language_of

REMEMBERED = 30  # turns that are read again; what a person refers to lies closer
MOST_TRIES = 2  # times a question is repeated before we offer a person
MOST_CALLS = 8  # tool calls in one turn; a recipe needs four at most, so more means that its results do not come back
SURE = 0.6  # from here on another wish is taken as a change of mind while a question is open
RECORDED = frozenset({"status", "orders", "products", "variants", "estimate", "placed", "rating"})
COMPARING = frozenset({"recommend", "which_order", "product_question", "search_product", "reviews", "other_order"})
MENTIONING = frozenset({"show_order", "search_product", "product_question", "which_order", "other_order", "recommend"})


class Dialogue:
    """Decides what comes next in a conversation. Deterministic, so every replica decides alike."""

    def __init__(
        self, intents: Mapping[str, Intent], reader: Reader, understander: Understander, recipes: Recipes, voice: Voice
    ) -> None:
        self._intents, self._reader, self._understander = intents, reader, understander
        self._recipes, self._voice = recipes, voice

    def next_step(self, messages: Sequence[BaseMessage], tools: frozenset[str]) -> Call | Reply:
        """The next tool call (only of `tools`), or the reply that ends the turn."""
        turns = turns_of(messages)[-REMEMBERED:]
        if not turns:
            return Reply(self._voice.say("talk", {}, language="en", seed="", intent="greet"))
        memory = Memory()
        for turn in turns[:-1]:
            _, memory = self._take(turn, memory, tools)
        steps, memory = self._take(turns[-1], memory, tools)
        last = steps[-1][1]
        if isinstance(last, Call):
            return last if turns[-1].calls < MOST_CALLS else self.cannot(messages)
        return self._reply(steps, memory, turns)

    def cannot(self, messages: Sequence[BaseMessage]) -> Reply:
        """The reply when a call can't be made: it says so, and that nothing has changed."""
        turns = turns_of(messages)[-REMEMBERED:]
        language = self._language(turns[-1].text, Memory()) if turns else "en"
        return Reply(self._voice.say("error", {}, language=language, seed=str(len(turns))))

    def _take(self, turn: Turn, memory: Memory, tools: frozenset[str]) -> tuple[list[tuple[str, Step]], Memory]:
        """The steps of a turn, each with its intent (a Call, if any, is the last), and what is remembered after it."""
        memory = replace(memory, language=self._language(turn.text, memory))
        heard = self._hear(turn, memory)
        if isinstance(heard, Said):
            memory = _learned(_after_words(memory, heard), turn)
            return [(heard.facts.get("intent", ""), heard)], replace(memory, heard=(*memory.heard, turn.text))
        steps: list[tuple[str, Step]] = []
        for task in heard:
            memory = _learned(memory, turn)
            step = advance(self._recipes.carry_out(task, memory, tools), turn.results)
            if task.lead and task.question is None and not isinstance(step, Call):
                step = replace(step, lead=task.lead)
            if isinstance(step, Ask) and _tries(task, step) > MOST_TRIES:
                step = Said("person_offer", offers="talk_to_person")
            steps.append((task.intent, step))
            if isinstance(step, Call):
                break
            memory = _after(memory, task, step)
        return steps, replace(memory, heard=(*memory.heard, turn.text))

    # What a message asks for, given what is open ----------------------------------------------------------------

    def _hear(self, turn: Turn, memory: Memory) -> Said | list[Task]:
        requests = self._understander.requests(turn.text)
        first = requests[0]
        if not first.text:
            return Said("lost")
        wish = self._reader.wish(turn.text)
        if first.intent == "injection" and (first.band == "act" or (first.band == "doubt" and wish)):
            # Who claims a power gets what everybody gets: a change prepared for their own signature.
            claim = Task(wish or "injection", (turn.text,), turn.page, lead="note_signature")
            return [claim] if wish in self._intents else Said("talk", {"intent": "injection"})
        if memory.open and memory.open.question:
            return self._hear_answer(turn, memory, memory.open, requests)
        move = self._move(first)
        if first.slots.superlative and memory.products and not first.slots.items and first.intent in COMPARING:
            return [Task("product_question", (turn.text,))]
        if first.intent == "thanks" and memory.card:
            return Said("thanks_card", card=True)
        if move == "agree" and (memory.offers or memory.guess):
            return [Task(memory.offers or memory.guess or "", (turn.text,), turn.page)]
        match move:
            case "agree" | "decline" | "drop" if memory.card:
                return Said("confirm_on_card" if move == "agree" else "decline_on_card", card=True)
            case "agree" if memory.change and memory.last and self._intents[memory.last.intent].tool in CHANGES:
                return recalled(memory.change)
            case "agree":
                return Said("nothing_open")
            case "decline" | "drop":
                return Said("dropped")
            case "answer" | "correct" if memory.last:
                return [self._again(turn, memory, memory.last, corrects=move == "correct")]
            case "answer" | "correct" if not (first.slots.items or first.slots.orders):
                return Said("nothing_open")
            case "answer" | "correct":
                first = replace(first, intent="show_order" if first.slots.orders else "search_product")
                return [Task(first.intent, (turn.text,), turn.page)]
            case _:
                return self._hear_wish(turn, memory, requests)

    def _hear_wish(self, turn: Turn, memory: Memory, requests: Sequence[Understanding]) -> Said | list[Task]:
        first = requests[0]
        if len(requests) > 1:
            return [Task(request.intent, (request.text,), turn.page) for request in requests]
        alike = self._act_alike(first)
        sureness = first.confidence + (first.runner_up_confidence if alike else 0)
        if sureness >= 0.5:
            wish = self._wish(turn, memory, first)
            numbers = in_force(first.slots)
            if len(numbers) > 1 and numbers == first.slots.orders:
                return [replace(wish, answers={**wish.answers, "order": number}) for number in numbers[:3]]
            return [wish]
        if first.slots.orders:
            return [Task("show_order", (turn.text,), turn.page)]
        if memory.misses >= 2:
            return Said("person_offer", offers="talk_to_person")
        pair = [
            i
            for i in (first.intent, first.runner_up)
            if self._intents[i].move is None and i not in {"out_of_scope", "injection"}
        ]
        if sureness >= 0.35 and len(pair) == 2:
            choices = [self._intents[name].choice[memory.language] for name in pair]
            return Said(
                "did_you_mean", {"choice": choices[0], "other": choices[1], "intent": pair[0]}, choices=tuple(choices)
            )
        if sureness >= 0.35 and first.intent == "out_of_scope":
            return [Task("out_of_scope", (turn.text,), turn.page)]
        if turn.page.get("product") and PROPERTY & set(first.slots.words[:1]):
            return [Task("product_question", (turn.text,), turn.page)]
        if first.slots.items:
            return [Task("search_product", (turn.text,), turn.page)]
        return Said("lost")

    def _wish(self, turn: Turn, memory: Memory, heard: Understanding) -> Task:
        """A new task; said again without a new thing, it keeps the answers given before, so nothing is asked twice."""
        last, m = memory.last, heard.slots
        same = last is not None and last.intent == heard.intent and last.answers
        if same and last and not (m.orders or m.items or m.position is not None or m.other):
            return replace(last, said=(*last.said, turn.text), question=None, tries=0)
        return Task(heard.intent, (turn.text,), turn.page)

    def _hear_answer(
        self, turn: Turn, memory: Memory, task: Task, requests: Sequence[Understanding]
    ) -> Said | list[Task]:
        first, question = requests[0], task.question
        assert question is not None  # noqa: S101 - the caller has looked; this tells the type checker.
        move = self._move(first)
        exact = fold(turn.text).strip(" .!") in {fold(choice) for choice in question.choices}
        exact = exact or (question.fill == "reason" and bool(first.slots.reason))
        wish = move is None and first.band == "act" and first.intent not in {task.intent, "out_of_scope"}
        strays = wish and first.confidence >= SURE and first.intent not in MENTIONING
        if move == "correct" and question.fill != "order":
            return [self._again(turn, memory, task, corrects=True)]
        if exact or (move in {None, "answer", "correct"} and not strays and self._fits(turn, task, first)):
            return [replace(task, answers={**task.answers, question.fill: turn.text})]
        if move in {"drop", "decline"}:
            return Said("dropped")
        if (
            strays
            or len(requests) > 1
            or (wish and (first.intent not in MENTIONING or question.fill in {"variant", "reason", "address"}))
        ):
            return self._hear_wish(turn, replace(memory, open=None), requests)
        return [task]

    def _fits(self, turn: Turn, task: Task, heard: Understanding) -> bool:
        """Whether a message can be the answer to the open question."""
        question, m = task.question, heard.slots
        if question is None:
            return False
        words = set(self._reader.words.split(turn.text))
        offered = {word for choice in question.choices for word in self._reader.words.split(choice) if len(word) > 2}
        match question.fill:
            case "order":
                return bool(m.orders or m.items or m.other or m.position is not None or words & offered)
            case "items":
                return bool(m.everything or m.items or m.position is not None or words & offered)
            case "address":
                return bool(m.labels or words & offered)
            case "variant" | "quantity":
                return bool(words & offered or m.colours)
            case "reason":
                return bool(m.reason) or heard.confidence < SURE or heard.intent == task.intent
            case _:
                return bool(m.items or words & offered or self._reader.query(turn.text))

    def _again(self, turn: Turn, memory: Memory, last: Task, *, corrects: bool) -> Task:
        """The last request once more, about what the customer names now."""
        if not corrects and last.intent in {"list_orders", "search_product", "recommend"}:
            return Task("show_order" if last.intent == "list_orders" else "product_question", (turn.text,), turn.page)
        gone = (*last.not_orders, memory.order) if corrects and memory.order else last.not_orders
        answers = {key: text for key, text in last.answers.items() if key not in {"order", "items"}}
        return replace(
            last,
            said=(*last.said, turn.text),
            answers=answers,
            since=len(last.said),
            not_orders=tuple(number for number in gone if number),
            page={},
            question=None,
            tries=0,
        )

    def _move(self, heard: Understanding) -> str | None:
        return self._intents[heard.intent].move if heard.band != "lost" else None

    def _act_alike(self, heard: Understanding) -> bool:
        one, two = self._intents[heard.intent], self._intents[heard.runner_up]
        return one.tool is not None and (one.tool, one.slots) == (two.tool, two.slots)

    def _language(self, text: str, memory: Memory) -> str:
        words = self._reader.words.split(text)
        if not memory.language:
            return self._understander.one(text).language if words else "en"
        return language_of(words, self._reader.words, otherwise=memory.language)

    def _spoken(self, facts: Mapping[str, str], step: Said | Ask, language: str) -> Mapping[str, str]:
        """The facts in the customer's language, as far as the shop's records have only one."""
        words = self._reader.words
        says = words.says.get(language, {}).get(step.policy) if isinstance(step, Said) else None
        terms = words.terms.get(language, {})
        own = {name: in_words(text, terms) for name, text in facts.items() if name in RECORDED} | (
            {"says": says} if says else {}
        )
        return {**facts, **own}

    # Words ------------------------------------------------------------------------------------------------------

    def _reply(self, steps: Sequence[tuple[str, Step]], memory: Memory, turns: Sequence[Turn]) -> Reply:
        said: list[str] = []
        choices: tuple[str, ...] = ()
        for number, (intent, step) in enumerate(steps):
            if isinstance(step, Call):
                continue
            seed = f"{turns[0].text[:200]} {len(turns)} {number}"
            language = memory.language or "en"
            facts = self._spoken({**step.facts, **_name_of(step.product, memory, turns[-1])}, step, language)
            text = self._voice.say(step.key, facts, language=language, seed=seed, intent=intent)
            said += [self._voice.say(step.lead, facts, language=language, seed=seed)] if step.lead else []
            for note in step.notes if isinstance(step, Said) else ():
                text = f"{text} {self._voice.say(note, facts, language=language, seed=seed)}"
            if isinstance(step, Ask) and memory.open and memory.open.tries:
                text = f"{self._voice.say('again', {}, language=memory.language, seed=seed)} {text}"
            said.append(text)
            choices = step.choices or choices
        # The answer to a question ("Pine") is a word or two and no outburst.
        upset = (
            len(turns[-1].text.split()) > 1
            and steps[0][0] not in {"complaint", "injection"}
            and self._understander.upset(turns[-1].text)
        )
        if upset and memory.last and not any(word in said[0].casefold() for word in ("sorry", "leid", "entschuldig")):
            said.insert(0, self._voice.say("sorry", {}, language=memory.language, seed=turns[0].text[:200]))
        return Reply("\n\n".join(said), choices)


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


def _name_of(product: str | None, memory: Memory, turn: Turn) -> dict[str, str]:
    """The name of a product by its handle, when a tool has given it."""
    shown = [result["product"] for result in turn.results.values() if isinstance(result.get("product"), Mapping)]
    rows = [row for row in (*shown, *memory.products) if product and row.get("handle") == product and row.get("name")]
    return {"name": str(rows[0]["name"])} if rows else {}


def _tries(task: Task, question: Ask) -> int:
    return task.tries + 1 if task.question and task.question.fill == question.fill else 0


def _learned(memory: Memory, turn: Turn) -> Memory:
    """The memory with the newest lists the tools have given in this turn."""
    for change in changes_in(turn.answers()):
        memory = replace(memory, change=change)
    for key, result in turn.results.items():
        order = result.get("order")
        if key.startswith("show_order") and isinstance(order, Mapping) and isinstance(order.get("number"), str):
            rest = tuple(o for o in memory.orders if o.get("number") != order["number"])
            memory = replace(memory, orders=(order, *rest))
        if key.startswith("list_orders") and isinstance(result.get("orders"), list):
            memory = replace(memory, orders=tuple(o for o in result["orders"] if isinstance(o, Mapping)))
        if key.startswith("search_products") and isinstance(result.get("products"), list):
            found = tuple(p for p in result["products"] if isinstance(p, Mapping) and p.get("handle"))
            memory = replace(memory, products=found)
    return memory


def _after(memory: Memory, task: Task, step: Said | Ask) -> Memory:
    memory = replace(memory, order=step.order or memory.order, product=step.product or memory.product)
    memory = replace(memory, offers=None, guess=None, card=False, misses=0, last=task)
    if isinstance(step, Ask):
        return replace(memory, open=replace(task, question=step, tries=_tries(task, step)))
    return replace(memory, open=None, offers=step.offers, card=step.card)


def _after_words(memory: Memory, said: Said) -> Memory:
    missed = said.key in {"lost", "did_you_mean"}
    kept = memory.open if said.key in {"lost"} else None
    guess = said.facts.get("intent") if said.key == "did_you_mean" else None
    misses = memory.misses + 1 if missed else 0
    return replace(memory, open=kept, offers=said.offers, guess=guess, card=said.card, misses=misses)
