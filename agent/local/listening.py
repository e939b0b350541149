"""What a message asks for, given what is open in the conversation: an answer, a correction, a yes, or a new wish."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace

from agent.local.answers import LONGEST_NAME, SURE, Answers
from agent.local.asides import asks, refuses_person, without_refused
from agent.local.carrying_on import STILL, CarryingOn, waiting_card
from agent.local.clauses import ITS
from agent.local.filling import in_force
from agent.local.intents import Intent
from agent.local.naming import named_orders, named_rows
from agent.local.outcomes import recalled
from agent.local.plainly import of_a_pair
from agent.local.readings import MAKING_GOOD, MENTIONING, Readings
from agent.local.slots import Reader, begins, matching, rows_in
from agent.local.tasks import Memory, Said, Task, Turn
from agent.local.topics import Topics
from agent.local.understanding import PERSON, TOLD_PLAINLY, Understander, Understanding
from agent.local.wares import PROPERTY
from agent.local.wording import fold

COMPARING = frozenset(
    {"compare_products", "recommend", "which_order", "product_question", "search_product", "reviews", "other_order"}
)
LISTS = frozenset({"list_orders", "search_product", "recommend", "recommend_products", "compare_products"})
# Where the rules stand that a question in the middle of such a wish is mostly about.
RULES = {name: "policy_returns" for name in ("return_items", "exchange_item", "refund_damaged")}
Heard = Said | list[Task]
NEVER_MIND = "never_mind"
FORGOTTEN = re.compile(r"^.{0,20}?\b(?:forget|never mind|scrap|vergiss|vergessen sie)\b[^,.;!]{0,40}[,.;!]\s*", re.I)
OF_IT = re.compile(r"\b(?:in|of|on|from|bei|von|an|aus)\s+(?:the|my|der|dem|meiner)\s+\w+")
INSTEAD = re.compile(r"\b(?:instead|forget (?:it|that|the)|rather|stattdessen|lieber|doch lieber|vergiss)\b(?! of)")


class Listener:
    """Reads a message as one or more requests. Deterministic: the same conversation is always heard alike."""

    def __init__(
        self, intents: Mapping[str, Intent], reader: Reader, understander: Understander, topics: Topics
    ) -> None:
        self._intents, self._reader, self._understander, self._topics = intents, reader, understander, topics
        self._answers = Answers(intents, reader)
        self._carrying_on = CarryingOn(intents, reader)
        self._readings = Readings(intents, reader, understander)

    def hear(self, turn: Turn, memory: Memory) -> Heard:
        """The requests of a message, or what to say when it asks for nothing that can be done."""
        left = FORGOTTEN.sub("", turn.text)
        if left != turn.text and re.search(r"\w+\W+\w+", left):
            # "Forget the colour, cancel the towels": what is given up is not asked for, and its card not wanted.
            heard = self._heard(replace(turn, text=left), replace(memory, open=None))
            if isinstance(heard, list) and self._intents[heard[0].intent].changes:
                return [replace(heard[0], instead=heard[0].instead or waiting_card(turn, memory)), *heard[1:]]
        return self._heard(turn, memory)

    def _heard(self, turn: Turn, memory: Memory) -> Heard:
        requests: Sequence[Understanding] = self._understander.requests(turn.text)
        first = requests[0]
        if not first.text:
            return Said("lost")
        if (claim := self._claim_of_power(turn, first)) is not None:
            return claim
        if self._readings.calls_person(turn, first):
            return [Task(PERSON, (turn.text,), turn.page)]
        if refuses_person(turn.text, self._reader.words):
            requests = self._readings.without_person(requests)
            first = requests[0]
            if first.intent == PERSON:
                return Said("dropped")
        if memory.open and memory.open.question:
            return self._answer(turn, memory, memory.open, requests)
        if begins(turn.text, self._reader.words.grave, self._reader.words):
            return Said("grave", offers=PERSON, choices=(self._choice(PERSON, memory),))
        if memory.waits and self._is_back(turn.text, first, memory):
            return [replace(memory.waits, page=turn.page or memory.waits.page)]
        if memory.shelved and self._answers.is_bare_answer(turn, memory.shelved):
            return [self._answered(memory.shelved, turn.text)]
        return self._moved(turn, memory, requests)

    def _moved(self, turn: Turn, memory: Memory, requests: Sequence[Understanding]) -> Heard:
        """A message when no question is open: a yes, a no, a correction, or a wish."""
        first = requests[0]
        several = len(requests) > 1
        if not several and self._readings.plain_change(turn, memory) is None:
            meant = self._topics.read(turn, memory, first)
            if meant is not first and self._is_asked_already(turn, memory, meant):
                return recalled(memory.change) if memory.change else Said("nothing_open")
            requests, first = [meant], meant
        if (more := self._carrying_on.reads(turn, memory, first, several=several)) is not None:
            return more
        unwanted = waiting_card(turn, memory)
        if unwanted and (otherwise := self._made_good_otherwise(turn, memory, requests, unwanted)) is not None:
            return otherwise
        if memory.guess and first.slots.position == 0 and len(first.slots.words) <= LONGEST_NAME and memory.heard:
            return [Task(memory.guess, (memory.heard[-1],), turn.page)]
        move = self._move(first)
        if self._readings.of_them(turn, memory, first):
            return [Task("compare_products", (turn.text,))]
        if self._picks_foremost(turn, first, memory):
            return [Task("product_question", (turn.text,))]
        if self._picks_order(first, memory):
            return [Task("show_order", (turn.text,), turn.page)]
        if move == "answer" and memory.order and STILL.search(fold(turn.text)):
            return [Task("show_order", (turn.text,), turn.page)]
        if first.intent == "thanks" and memory.card:
            return Said("thanks_card", card=True)
        if first.intent in TOLD_PLAINLY and memory.card and memory.change and self._only_tells(first):
            # "It broke", while a card about it waits: a reason for that card, and no second wish.
            return recalled(memory.change)
        if move == "agree" and (memory.offers or memory.guess):
            return [Task(memory.offers or memory.guess or "", (turn.text,), turn.page, before=_told(memory))]
        match move:
            case "drop" | "decline" if unwanted and (move == "drop" or len(first.slots.words) > 1):
                # "Never mind": what was asked for and nobody has signed is taken back, and nobody need press "No".
                return [Task(NEVER_MIND, (turn.text,), turn.page, instead=unwanted)]
            case "agree" | "decline" | "drop" if memory.card:
                return Said("confirm_on_card" if move == "agree" else "decline_on_card", card=True)
            case "agree" if memory.change and memory.last and self._intents[memory.last.intent].changes:
                return recalled(memory.change)
            case "agree":
                return Said("nothing_open")
            case "decline" | "drop":
                return Said("dropped")
            case "answer" | "correct" if memory.last:
                again = self._again(turn, memory, memory.last, corrects=move == "correct")
                return [replace(again, instead=unwanted if move == "correct" else "")]
            case "answer" | "correct" if not (first.slots.items or first.slots.orders):
                return Said("nothing_open")
            case "answer" | "correct":
                first = replace(first, intent="show_order" if first.slots.orders else "search_product")
                return [Task(first.intent, (turn.text,), turn.page)]
            case _:
                return self._wishes(turn, memory, requests)

    def _is_asked_already(self, turn: Turn, memory: Memory, meant: Understanding) -> bool:
        """Whether what a few words were taken for waits on its card, and they name nothing that it is not about."""
        m, wish = meant.slots, memory.wish
        same = wish is not None and wish.intent == meant.intent and bool(waiting_card(turn, memory))
        return same and not (m.items or m.orders or m.colours or m.labels or m.quantity or m.other)

    def _made_good_otherwise(
        self, turn: Turn, memory: Memory, requests: Sequence[Understanding], unwanted: str
    ) -> Heard | None:
        """What went wrong is made good in one way: "no repair, send it back" ends the card for the claim.

        Money back is what a return brings, so it asks for nothing else while the card for the return waits.
        """
        first, wish = requests[0], memory.wish
        ways = {request.intent for request in requests} & MAKING_GOOD
        if wish is None or not ways or wish.intent not in MAKING_GOOD or asks(turn.text, self._reader.words):
            return None
        known = [order for order in memory.orders if order.get("number") != memory.order]
        if set(first.slots.orders) - {memory.order} or named_orders(known, turn.text, self._reader):
            return None
        way = of_a_pair(turn.text, ways) or first.intent
        if way == wish.intent or (way == "refund_damaged" and wish.intent == "return_items"):
            names = named_rows(self._rows(memory), without_refused(turn.text), self._reader)
            return None if names or not memory.change else recalled(memory.change)
        if way not in MAKING_GOOD:
            return None
        answers = {"order": memory.order} if memory.order else {}
        return [Task(way, (turn.text,), turn.page, answers, before=_told(memory), instead=unwanted)]

    @staticmethod
    def _rows(memory: Memory) -> Sequence[Mapping[str, object]]:
        order = next((o for o in memory.orders if o.get("number") == memory.order), None)
        rows = rows_in(order, "items") if order else []
        return rows if len(rows) > 1 else []

    @staticmethod
    def _only_tells(first: Understanding) -> bool:
        """Whether a message names nothing that it could be about but what is at hand."""
        return not (first.slots.items or first.slots.orders) and len(first.slots.words) <= LONGEST_NAME

    def _wishes(self, turn: Turn, memory: Memory, requests: Sequence[Understanding]) -> Heard:
        requests = [self._readings.plainly(request) for request in self._readings.without_story(requests, turn.text)]
        first = requests[0]
        if len(requests) == 2 and first.intent in MENTIONING and requests[1].slots.pronoun and first.slots.items:
            # "The wren house sounds good, what do others say about it": the first half only names what "it" is.
            return [Task(requests[1].intent, (turn.text,), turn.page)]
        unsure = first.confidence < SURE or first.intent in MENTIONING | {"out_of_scope"}
        if unsure and len(requests) == 1 and (of_it := self._readings.of_it(turn)):
            return [of_it]
        if unsure and len(requests) == 1 and (plain := self._readings.plain_change(turn, memory)):
            return [plain]
        if len(requests) > 1:
            pairs = zip(requests, (None, *requests[:-1]), strict=True)
            return [Task(r.intent, (r.text,), turn.page, before=_shared(r, former)) for r, former in pairs]
        # "Can it stand in a gale?" is far from all examples, and on a product's page it is about the product.
        asks_of_it = first.slots.pronoun and bool(PROPERTY & set(first.slots.words[:1]))
        if first.intent == "out_of_scope" and turn.page.get("product") and asks_of_it:
            return [Task("product_question", (turn.text,), turn.page)]
        sureness = first.confidence + (first.runner_up_confidence if self._act_alike(first) else 0)
        if sureness >= first.acts_from:
            if self._readings.more_of_rules(turn, memory, first):
                rules = memory.last.said[-1] if memory.last else ""
                return [Task(str(memory.last and memory.last.intent), (f"{turn.text} {rules}",), turn.page)]
            wish = self._wish(turn, memory, first)
            if self._intents[first.intent].changes and INSTEAD.search(fold(turn.text)):
                wish = replace(wish, instead=waiting_card(turn, memory))
            numbers = in_force(first.slots)
            if len(numbers) > 1 and numbers == first.slots.orders:
                return [replace(wish, answers={**wish.answers, "order": number}) for number in numbers[:3]]
            return [wish]
        return self._unsure(turn, memory, first, sureness)

    def _unsure(self, turn: Turn, memory: Memory, first: Understanding, sureness: float) -> Heard:
        """A message that may mean several things, or none: by what it names, else by asking back."""
        if first.slots.orders:
            likely = sureness >= 0.35 and self._intents[first.intent].asks_about("order")
            return [Task(first.intent if likely else "show_order", (turn.text,), turn.page)]
        if memory.guess and memory.guess in {first.intent, first.runner_up}:
            # Said again after "did you mean": there is nothing more to find out, so the likelier of the two is meant.
            return [Task(memory.guess, (turn.text,), turn.page, before=_told(memory))]
        if memory.misses >= 1:
            return Said("person_offer", offers=PERSON, choices=(self._choice(PERSON, memory),))
        pair = [i for i in (first.intent, first.runner_up) if self._can_be_chosen(i)]
        if (halves := self._readings.two_halves(turn, pair)) is not None:
            return halves
        about = first.slots.items or memory.order or first.slots.position is not None
        if (sureness >= 0.35 or about) and (plain := of_a_pair(turn.text, pair)) in self._intents:
            return [Task(str(plain), (turn.text,), turn.page, before=_told(memory))]
        if sureness >= 0.35 and len(pair) == 2:
            one, two = (self._choice(name, memory) for name in pair)
            return Said("did_you_mean", {"choice": one, "other": two, "intent": pair[0]}, choices=(one, two))
        if turn.page.get("product") and PROPERTY & set(first.slots.words[:1]):
            return [Task("product_question", (turn.text,), turn.page)]
        if first.slots.items:
            return [Task("search_product", (turn.text,), turn.page)]
        return Said("lost")

    def _wish(self, turn: Turn, memory: Memory, heard: Understanding) -> Task:
        """A new task; said again without a new thing, it keeps the answers given before, so nothing is asked twice."""
        last, m = memory.last, heard.slots
        same = last is not None and last.intent == heard.intent and (last.answers or last is memory.waits)
        names_new = m.orders or m.items or m.position is not None or m.other or m.dates
        if same and last and not names_new:
            return replace(last, said=(*last.said, turn.text), question=None, tries=0)
        before = () if m.orders or m.items or m.other else _told(memory)
        return Task(heard.intent, (turn.text,), turn.page, before=before)

    def _answer(self, turn: Turn, memory: Memory, task: Task, requests: Sequence[Understanding]) -> Heard:
        first, question = requests[0], task.question
        assert question is not None  # noqa: S101 - the caller has looked; this tells the type checker.
        move = self._move(first)
        exact = fold(turn.text).strip(" .!") in {fold(choice) for choice in question.choices}
        exact = exact or self._answers.is_of_offer(turn.text, question.choices)
        exact = exact or (question.fill == "reason" and bool(first.slots.reason) and len(requests) == 1)
        wish = move is None and first.band == "act" and first.intent not in {task.intent, "out_of_scope"}
        strays = wish and first.confidence >= SURE and first.intent not in MENTIONING
        if not exact and (aside := self._aside(turn, task, requests)) is not None:
            return aside
        if move == "correct" and question.fill != "order":
            return [self._again(turn, memory, task, corrects=True)]
        if exact or (
            (move in {None, "answer", "correct"} or (move == "agree" and self._answers.names_offer(turn.text, task)))
            and not strays
            and self._answers.fits(turn, task, first, memory.orders)
        ):
            return [self._answered(task, turn.text)]
        if move in {"drop", "decline"}:
            return Said("dropped")
        narrow = question.fill not in {"order", "items", "line", "product", "products", "query"}
        if strays or len(requests) > 1 or (wish and (first.intent not in MENTIONING or narrow)):
            return self._wishes(turn, replace(memory, open=None), requests)
        return [task]

    def _aside(self, turn: Turn, task: Task, requests: Sequence[Understanding]) -> Heard | None:
        """A question about the rules in the middle is answered, and what was open is asked again after it."""
        first, question = requests[0], task.question
        if question is None or question.fill not in {"reason", "words"} or not asks(turn.text, self._reader.words):
            return None
        intent = self._intents[first.intent]
        rules = RULES.get(task.intent)
        if rules in self._intents and (first.band == "lost" or first.intent in {task.intent, "out_of_scope"}):
            return [Task(str(rules), (turn.text,), turn.page), replace(task, question=None, tries=0)]
        if first.band == "lost" or intent.move is not None or intent.changes or intent.tool is None:
            return None
        return [Task(first.intent, (turn.text,), turn.page), replace(task, question=None, tries=0)]

    def _is_back(self, text: str, heard: Understanding, memory: Memory) -> bool:
        """Whether a guest says to have signed in, or simply goes on."""
        back = begins(text, self._reader.words.back, self._reader.words)
        return back or (self._move(heard) == "agree" and not memory.offers and not memory.card)

    def _answered(self, task: Task, text: str) -> Task:
        assert task.question is not None  # noqa: S101 - only a task with an open question is answered.
        return replace(task, answers={**task.answers, task.question.slot: text})

    def _again(self, turn: Turn, memory: Memory, last: Task, *, corrects: bool) -> Task:
        """The last request once more, about what the customer names now."""
        if not corrects and last.intent in LISTS:
            return Task("show_order" if last.intent == "list_orders" else "product_question", (turn.text,), turn.page)
        if corrects and (kept := self._other_line(turn, memory, last)):
            return kept
        gone = (*last.not_orders, memory.order) if corrects and memory.order else last.not_orders
        answers = {key: text for key, text in last.answers.items() if key not in {"order", "items", "line"}}
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

    def _other_line(self, turn: Turn, memory: Memory, last: Task) -> Task | None:
        """ "I meant the mug": where the order holds one, the order stays and the line is another."""
        m = self._reader.read(turn.text)
        order = next((o for o in memory.orders if o.get("number") == memory.order), None)
        if order is None or m.other or not m.items or not matching(rows_in(order, "items"), m, self._reader.words):
            return None
        answers = {key: text for key, text in last.answers.items() if key not in {"items", "line", "sku"}}
        answers |= {"order": str(memory.order)}
        return replace(last, said=(*last.said, turn.text), answers=answers, question=None, tries=0)

    def _claim_of_power(self, turn: Turn, first: Understanding) -> Heard | None:
        """Who claims a power gets what everybody gets: a change prepared for their own signature."""
        wish = self._reader.wish(turn.text)
        if first.intent != "injection" or not (first.band == "act" or (first.band == "doubt" and wish)):
            return None
        claim = Task(wish or "injection", (turn.text,), turn.page, lead="note_signature")
        return [claim] if wish in self._intents else Said("talk", {"intent": "injection"})

    def _can_be_chosen(self, name: str) -> bool:
        return self._intents[name].move is None and name not in {"out_of_scope", "injection"}

    def _picks_foremost(self, turn: Turn, heard: Understanding, memory: Memory) -> bool:
        """Whether the cheapest (dearest, best) of the products that were shown is asked for."""
        m = self._reader.read(turn.text)
        wished = self._intents[heard.intent].changes and heard.confidence >= SURE
        short = len(m.words) <= 2 * LONGEST_NAME and not wished
        return (heard.intent in COMPARING or short) and bool(m.superlative and memory.products and not m.items)

    def _picks_order(self, heard: Understanding, memory: Memory) -> bool:
        """Whether a few words pick one of the orders that were just listed: "the delivered one"."""
        m = heard.slots
        short = len(m.words) <= LONGEST_NAME and memory.last is not None and memory.last.intent == "list_orders"
        points = set(m.words[:1]) & {"the", "that", "der", "die", "das"}
        listed = memory.last is not None and memory.last.intent == "list_orders"
        if (
            listed
            and m.position is not None
            and OF_IT.search(fold(heard.text))
            and not self._intents[heard.intent].changes
        ):
            # "What colour is the kettle in the newest one?": the order tells, and not the shelf.
            return True
        return short and bool(points) and not m.orders and bool(m.status or m.dates or m.position is not None)

    def _choice(self, name: str, memory: Memory) -> str:
        return self._intents[name].choice[memory.language or "en"]

    def _move(self, heard: Understanding) -> str | None:
        return self._intents[heard.intent].move if heard.band != "lost" else None

    def _act_alike(self, heard: Understanding) -> bool:
        one, two = self._intents[heard.intent], self._intents[heard.runner_up]
        # Where the state of the order decides between the two, it need not be decided by words.
        decided = two.id in one.becomes.values() or one.id in two.becomes.values()
        return decided or (one.tool is not None and (one.tool, one.slots) == (two.tool, two.slots))


def _shared(request: Understanding, former: Understanding | None) -> tuple[str, ...]:
    """What was said for the request before, where this one is about the same ("…, and send me its bill")."""
    m = request.slots
    names = m.items or m.orders or m.position is not None or m.other
    return (former.text,) if former and not names and (m.pronoun or ITS & set(m.words)) else ()


def _told(memory: Memory) -> tuple[str, ...]:
    """What was said for the last request, where it was about the order that the conversation is still about."""
    last = memory.open or memory.last
    if last is None or memory.order is None:
        return ()
    return (*last.answers.values(), *reversed(last.said), *last.before)[:6]
