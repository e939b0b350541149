"""Hosted models over real HTTP, through the whole assistant and the real desk: what the customer is told when a
provider answers well, badly, late, half or not at all; what is noted; what changed (nothing); and which bytes left.
"""

import asyncio
import json
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import select

from agent.assistant import FAILED, SILENT, SLOW, Assistant
from agent.breaker import Breaker
from agent.heard import CardShown, Choices, Failed, Finished, Heard, Parked, StoodIn, Token, ToolUsed
from agent.hosted import Patience
from agent.memory import customer_says, from_stored
from agent.middleware.budget import ENOUGH
from agent.middleware.standby import NOTICE
from agent.models import load_model
from agent.turn import Note, Turn
from auth.database import Scope
from auth.guard.approvals import Approval
from shop.conversations import start_conversation
from tests.agent.fake_provider import Behaviour, Called, FakeProvider, Hangs, Refuses, Says, provider
from tests.building import Building, embedded

# Silence is long where a test is not about it, so that a busy machine fails none of them.
QUICK = Patience(silence_s=20, retries=2, pause_s=0.01, longest_pause_s=0.5)
SHORT = Patience(silence_s=2.5, retries=2, pause_s=0.01)
HALF = "I look for your parcel. Let me see whether it was to come on Tue"
ASKS = "Where is my last order?"


@dataclass
class Ran:
    """A turn as it went. ``sent`` are the bodies that left during it."""

    heard: list[Heard]
    turn: Turn
    notes: list[Note]
    sent: int
    seconds: float

    @property
    def text(self) -> str:
        return "".join(h.text for h in self.heard if isinstance(h, Token))

    @property
    def why(self) -> list[str]:
        return [note.why for note in self.notes if note.kind == "model.stood_in"]

    def of(self, kind: type[Any]) -> list[Any]:
        return [h for h in self.heard if isinstance(h, kind)]


class Shop:
    """Ada before an assistant with a hosted model. One loop for all of its turns, as in a server."""

    def __init__(self, building: Building, fake: FakeProvider, kind: str, **given: Any) -> None:
        self.building, self.fake = building, fake
        self.patience = given.pop("patience", QUICK)
        loaded = load_model(getattr(fake, kind), embedded=embedded, patience=self.patience)
        self.assistant = Assistant(loaded, policy_version="p", environment={}, **given)
        self.turns = 0
        ada = building.person("ada").id
        with building.house.database.begin(Scope.own(ada)) as session:
            talk = start_conversation(session, building.house.vault, ada, at=building.clock())
            self.conversation = str(talk.id)

    def say(self, *texts: str, page: dict[str, str] | None = None) -> list[Ran]:
        """A conversation, each message in a turn of its own."""
        return asyncio.run(self._say(texts, page))

    async def _say(self, texts: Sequence[str], page: dict[str, str] | None) -> list[Ran]:
        ran, history = list[Ran](), list[Any]()
        for text in texts:
            self.turns += 1
            history.append(customer_says(text, page=page))
            ran.append(await self._one(history))
            history += from_stored(ran[-1].turn.kept)
        return ran

    async def _one(self, history: Sequence[Any]) -> Ran:
        notes, before, began = list[Note](), len(self.fake.bodies), time.monotonic()
        ada = self.building.person("ada").at_page(self.building.clock)
        turn = self.assistant.turn(
            ada, self.building.desk, conversation=self.conversation, turn_id=str(self.turns), note=notes.append
        )
        heard = [each async for each in self.assistant.answer(turn, history)]
        assert isinstance(heard[-1], Finished)
        return Ran(heard, turn, notes, len(self.fake.bodies) - before, time.monotonic() - began)


@pytest.fixture(scope="module", autouse=True)
def _packages_are_loaded() -> None:
    """What a provider's package loads and builds at its first request takes seconds on a busy machine."""
    for kind in ("openai", "anthropic"):
        with provider(Says("Good day.")) as fake:
            loaded = load_model(getattr(fake, kind), embedded=embedded)
            assert asyncio.run(loaded.model.ainvoke("hello")).text == "Good day."


@pytest.fixture(params=["openai", "anthropic"])
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def before(building: Building) -> Iterator[str]:
    """The state of Ada's orders; whatever happens in a test of this file, they are in it afterwards."""
    state = _orders(building)
    yield state
    assert _orders(building) == state, "a model changed an order without a signature"


def once(building: Building, kind: str, *script: Behaviour, said: str = ASKS, **given: Any) -> Ran:
    """One turn with this script."""
    with provider(*script) as fake:
        return Shop(building, fake, kind, **given).say(said)[0]


def cards(building: Building) -> list[Approval]:
    with building.house.database.read(Scope.house("a test looks at the cards")) as session:
        found = list(session.scalars(select(Approval)))
        session.expunge_all()
        return found


def _orders(building: Building) -> str:
    return repr([(n, o.status, o.goods_minor) for n in building.orders.values() if (o := building.order(n))])


# Answers as they should be


def test_an_answer_with_a_tool_is_told_and_nothing_of_the_customer_leaves(
    building: Building, kind: str, before: str
) -> None:
    person = building.person("ada")
    typed = f"Where is my last order? I am reachable as {person.email} or +353 87 123 4567, card 4242 4242 4242 4242."
    look = Says("Let me look.", (Called("list_orders"),))
    with provider(look, Says("Here it is. It is being packed.")) as fake:
        (ran,) = Shop(building, fake, kind).say(typed)
        assert ran.text == "Let me look.\n\nHere it is. It is being packed."
        assert [(t.name, t.outcome) for t in ran.of(ToolUsed)] == [("list_orders", "shown")]
        assert ran.of(CardShown) and ran.of(StoodIn) == [] and ran.sent == 2
        assert [note.kind for note in ran.notes] == ["text.withheld"]
        assert building.orders["ada.paid"] in fake.text, "the control: the results of tools do leave"
        foreign = [number for name, number in building.orders.items() if name.startswith("ben.")]
        kept = [*person.name.split(), person.email, "Juniperlane", "D02 X285", "123 4567", "4242 4242", str(person.id)]
        assert [word for word in (*kept, *foreign) if word.casefold() in fake.text.casefold()] == []


def test_what_is_sent_is_a_stream_without_a_key_of_somebody_else(
    building: Building, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "ANTHROPIC_AUTH_TOKEN"):
        monkeypatch.setenv(name, "sk-belongs-to-the-provider")
    with provider(Says("Good day. All is well.")) as fake:
        (ran,) = Shop(building, fake, kind).say("hello")
        assert ran.text == "Good day. All is well."
        assert fake.read(0)["stream"] is True and "temperature" not in fake.read(0)
        assert len(fake.read(0)["tools"]) > 10
        assert "sk-belongs" not in json.dumps(fake.headers) + fake.text


def test_parallel_calls_are_all_answered(building: Building, kind: str, before: str) -> None:
    order = json.dumps({"order": building.orders["ada.sent"]})
    calls = (Called("list_addresses"), Called("show_order", order, id="call_2"), Called("show_basket", id="call_3"))
    with provider(Says("", calls), Says("All of them are here.")) as fake:
        (ran,) = Shop(building, fake, kind).say("order, basket and addresses please")
        assert [t.name for t in ran.of(ToolUsed)] == ["list_addresses", "show_order", "show_basket"]
        assert ran.text == "All of them are here." and ran.sent == 2
        results = [m["text"] for m in ran.turn.kept if m["role"] == "tool"]
        assert len(results) == 3 and building.orders["ada.sent"] in str(results[1])
        assert _answered_calls(fake.read(1)) == 3


def _answered_calls(body: dict[str, Any]) -> int:
    of_openai = [m for m in body["messages"] if m["role"] == "tool"]
    blocks = [b for m in body["messages"] if isinstance(m["content"], list) for b in m["content"]]
    return len(of_openai) + len([b for b in blocks if b.get("type") == "tool_result"])


# Calls that are not what they should be


def test_half_an_argument_is_never_taken_for_a_whole_one(building: Building, kind: str, before: str) -> None:
    half, said = '{"order": "' + building.orders["ada.paid"], f"cancel {building.orders['ada.paid']}"
    ran = once(
        building, kind, Says("One moment.", (Called("cancel_order", half),)), Says("Which order is it?"), said=said
    )
    assert [(t.name, t.outcome) for t in ran.of(ToolUsed)] == [("cancel_order", "refused")]
    assert [(n.kind, n.why, n.tool) for n in ran.notes] == [("tool.refused", "invalid-arguments", "cancel_order")]
    assert ran.text.endswith("Which order is it?") and cards(building) == []


def test_arguments_of_another_shape_are_refused(building: Building) -> None:
    for arguments in ("[1, 2]", "null", '"HP"', "{'order': 1}", "{" * 1500):
        ran = once(building, "openai", Says("", (Called("cancel_order", arguments),)), Says("Which order is it?"))
        assert [n.why for n in ran.notes] == ["invalid-arguments"], arguments
        assert ran.text == "Which order is it?" and cards(building) == []


def test_an_unknown_tool_is_refused_without_naming_another(building: Building, kind: str) -> None:
    with provider(Says("", (Called("approve_refund", '{"amount": 5}'),)), Says("I can't do that.")) as fake:
        (ran,) = Shop(building, fake, kind).say("approve it")
        assert [(n.kind, n.why, n.tool) for n in ran.notes] == [("tool.refused", "unknown-tool", "")]
        assert ran.text == "I can't do that." and _answered_calls(fake.read(1)) == 1


def test_a_call_without_an_id_is_answered_all_the_same(building: Building, before: str) -> None:
    cancel = Called("cancel_order", json.dumps({"order": building.orders["ada.paid"]}), id=None)
    with provider(Says("", (cancel, Called("show_basket", id=None))), Says("A card is waiting.")) as fake:
        (ran,) = Shop(building, fake, "openai").say(f"cancel {building.orders['ada.paid']}")
        assert len(ran.of(Parked)) == len(cards(building)) == 1
        ids = [m["tool_call_id"] for m in fake.read(1)["messages"] if m["role"] == "tool"]
        assert len(set(ids)) == 2 and all(ids)


def test_an_endless_loop_of_calls_ends_with_a_sentence(building: Building, kind: str) -> None:
    ran = once(building, kind, Says("", (Called("list_orders"),)))
    assert ran.text == ENOUGH and ran.sent == 6 and ran.of(StoodIn) == []


# Providers that fail


def test_a_rate_limit_is_waited_for_and_the_customer_notices_nothing(building: Building, kind: str) -> None:
    ran = once(building, kind, Refuses(429, (("retry-after", "0.3"),)), Says("Good day. All is well."))
    assert ran.text == "Good day. All is well." and ran.sent == 2 and ran.notes == []
    assert ran.seconds >= 0.3, "the provider asked for this long"


def test_a_provider_that_wants_to_be_left_alone_is(building: Building, kind: str) -> None:
    with provider(Refuses(429, (("retry-after", "120"),))) as fake:
        first, second = Shop(building, fake, kind).say(ASKS, ASKS)
    assert (first.sent, second.sent) == (1, 0)
    assert (first.why, second.why) == (["status-429"], ["resting"])
    assert first.seconds < 60, "and not two minutes"


def test_a_broken_provider_is_tried_again_and_then_the_embedded_model_goes_on(
    building: Building, kind: str, before: str
) -> None:
    ran = once(building, kind, Refuses(500))
    assert ran.sent == 3
    assert ran.of(StoodIn) == [StoodIn(NOTICE)] and ran.heard[0] == StoodIn(NOTICE), "told once, and first"
    assert building.orders["ada.paid"] in ran.text, "the embedded model has answered from the record"
    assert ran.notes == [Note("model.stood_in", "status-500")]
    assert ran.of(Failed) == [] and NOTICE not in str(ran.turn.kept)


def test_only_what_may_pass_is_tried_again(building: Building, kind: str) -> None:
    for status, sent in ((401, 1), (403, 1), (404, 1), (400, 1), (503, 3), (529, 3), (408, 3)):
        ran = once(building, kind, Refuses(status))
        assert (status, ran.sent, ran.why) == (status, sent, [f"status-{status}"])
        assert ran.of(StoodIn) == [StoodIn(NOTICE)]


def test_nobody_there_at_all(building: Building, kind: str) -> None:
    with provider(Says("x")) as fake:
        pass
    (ran,) = Shop(building, fake, kind).say(ASKS)
    assert ran.why == ["connection"] and building.orders["ada.paid"] in ran.text


def test_a_silent_provider_is_not_waited_for_twice(building: Building, kind: str) -> None:
    ran = once(building, kind, Hangs(), patience=SHORT)
    assert ran.sent == 1 and ran.why == ["timeout"] and 2.4 < ran.seconds < 15
    assert ran.of(StoodIn) == [StoodIn(NOTICE)] and building.orders["ada.paid"] in ran.text


def test_the_turn_has_time_left_when_the_usual_model_has_used_up_its_own(building: Building) -> None:
    ran = once(building, "openai", Hangs(), patience=Patience(silence_s=60), timeout_s=12.0)
    assert ran.why == ["timeout"] and building.orders["ada.paid"] in ran.text and ran.of(Failed) == []
    assert 8 < ran.seconds < 12 and SLOW not in ran.text


# Streams that break


@pytest.mark.parametrize(("breaks", "code"), [("line", "connection"), ("end", "cut"), ("hang", "timeout")])
def test_what_was_released_stays_and_is_not_said_again(building: Building, kind: str, breaks: str, code: str) -> None:
    patience = SHORT if breaks == "hang" else QUICK
    ran = once(building, kind, Says(HALF, breaks=breaks), Says(HALF + "sday."), patience=patience)
    assert ran.sent == 1, "a second try would say it again"
    assert ran.text.startswith("I look for your parcel.\n\n") and "Tue" not in ran.text
    assert ran.text.count("for your parcel.") == 1 and building.orders["ada.paid"] in ran.text
    kinds = [type(h) for h in ran.heard]
    assert kinds.index(Token) < kinds.index(StoodIn) < len(kinds) - 1 - kinds[::-1].index(Token)
    assert ran.why == [code] and ran.of(StoodIn) == [StoodIn(NOTICE)]
    kept = "\n\n".join(str(m["text"]) for m in ran.turn.kept if m["role"] == "assistant" and m["text"])
    assert kept == ran.text.strip(), "what is remembered is what was told"


@pytest.mark.parametrize("breaks", ["line", "end"])
def test_a_stream_that_broke_before_a_sentence_is_tried_again(building: Building, kind: str, breaks: str) -> None:
    ran = once(building, kind, Says("I look for your", breaks=breaks), Says("Here it is. Anything else?"))
    assert ran.text == "Here it is. Anything else?" and ran.sent == 2 and ran.notes == []


@pytest.mark.parametrize("breaks", ["line", "end", "hang"])
def test_a_change_in_a_stream_that_broke_was_never_asked_for(
    building: Building, kind: str, breaks: str, before: str
) -> None:
    cancel = Called("cancel_order", json.dumps({"order": building.orders["ada.paid"]}))
    patience = SHORT if breaks == "hang" else QUICK
    ran = once(building, kind, Says("", (cancel,), breaks=breaks), patience=patience)
    assert [t.name for t in ran.of(ToolUsed) if t.name == "cancel_order"] == [] and cards(building) == []
    assert ran.of(StoodIn) == [StoodIn(NOTICE)]


def test_a_change_is_prepared_once_though_both_models_ask_for_it(building: Building, kind: str, before: str) -> None:
    number = building.orders["ada.paid"]
    said = f"Please cancel order {number}."
    cancel = Says("", (Called("cancel_order", json.dumps({"order": number})),))
    ran = once(building, kind, cancel, Refuses(500), said=said)
    assert ran.why == ["status-500"] and len(cards(building)) == 1 and len(ran.of(Parked)) == 1
    assert ran.of(Failed) == [] and ran.text.strip() and SILENT not in ran.text and FAILED not in ran.text


def test_a_stream_without_end_is_cut_off(building: Building) -> None:
    endless = Says("word " * 20_000), Says("", (Called("cancel_order", "{" * 9_000),))
    for script in endless:
        ran = once(building, "openai", script)
        assert ran.why == ["endless"] and ran.sent == 1 and len(ran.text) < 7000 and cards(building) == []


# The embedded model as the one that goes on


def test_the_embedded_model_stays_for_the_turn_and_the_usual_one_is_asked_in_the_next(building: Building) -> None:
    with provider(Refuses(400), Says("Good day. All is well.")) as fake:
        first, second = Shop(building, fake, "openai").say(ASKS, "thanks")
    assert first.sent == 1 and len(first.of(ToolUsed)) >= 2, "several calls, and no second request"
    assert second.text == "Good day. All is well." and second.of(StoodIn) == []


def test_the_model_at_home_gets_the_words_and_the_page_and_the_hosted_one_never_does(building: Building) -> None:
    typed = "is this one in stock? my mail is zed@example.org"
    with provider(Refuses(400)) as fake:
        (ran,) = Shop(building, fake, "openai").say(typed, page={"product": "quiet-lamp"})
        said = str(fake.read(0)["messages"][-1]["content"])
        assert "zed@" not in fake.text and "email:1" in said and "quiet-lamp" in said
    assert "Quiet Lamp" in ran.text and Note("text.withheld", "email:1") in ran.notes


def test_the_embedded_models_choices_are_offered(building: Building) -> None:
    ran = once(building, "openai", Refuses(400), said="I want my money back for an order")
    assert ran.of(Choices) and building.orders["ada.mug"] in str(ran.of(Choices)[0].texts)


def test_after_three_failures_nobody_waits_any_more_until_one_try_succeeds(building: Building, kind: str) -> None:
    now = [0.0]
    breaker = Breaker(clock=lambda: now[0])
    once_each = Patience(silence_s=20, retries=0)
    with provider(*[Refuses(500)] * 4, Says("Good day. All is well.")) as fake:
        shop = Shop(building, fake, kind, patience=once_each, breaker=breaker)

        async def story() -> list[Ran]:
            ran = await shop._say([ASKS] * 4, None)
            now[0] += 61
            ran += await shop._say([ASKS] * 2, None)
            now[0] += 61
            return ran + await shop._say(["hello"] * 2, None)

        ran = asyncio.run(story())
    assert [r.sent for r in ran] == [1, 1, 1, 0, 1, 0, 1, 1]
    assert [r.why for r in ran] == [["status-500"]] * 3 + [["resting"], ["status-500"], ["resting"], [], []]
    assert all(len(r.of(StoodIn)) == len(r.why) for r in ran) and not breaker.is_resting


def test_what_one_customer_writes_does_not_take_the_model_from_the_others(building: Building) -> None:
    with provider(*[Refuses(400)] * 5, Says("Good day. All is well.")) as fake:
        ran = Shop(building, fake, "openai").say(*["hello"] * 6)
    assert [r.sent for r in ran] == [1] * 6 and ran[-1].text == "Good day. All is well."
