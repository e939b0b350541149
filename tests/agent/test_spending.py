"""The day's budget at the model call: what is reserved, what is settled, what the customer is told when it is spent."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from typing import Any

import pytest
from langchain_core.messages import AIMessage
from langchain_core.outputs import ChatGenerationChunk

from agent.away import Away
from agent.heard import StoodIn
from agent.turn import Note
from shop.allowances import ANSWER_TOKENS, Reservation, Spent, Use, Wanted
from tests.agent.scripted import Ran, Scripted, run, says
from tests.building import embedded

NIGHT = timedelta(hours=5, minutes=10)
MIDNIGHT = "at midnight UTC, in about 5 hours"
MONEY, CALLS = Spent("account", "money", NIGHT), Spent("account", "calls", NIGHT)
LOOK = ("show_order", {"order": "HP-7K3M-29QD"})


@dataclass
class Purse:
    """Gives what is left of it: ``calls`` in all, of which ``hosted`` cost something. It remembers what was asked."""

    calls: int = 99
    hosted: int = 99
    no: Spent = MONEY
    wanted: list[Wanted] = field(default_factory=list)
    settled: list[Use] = field(default_factory=list)

    def reserve(self, wanted: Wanted) -> Reservation | Spent:
        self.wanted.append(wanted)
        if self.calls <= 0:
            return replace(self.no, what="calls")
        if wanted.is_hosted and self.hosted <= 0:
            return self.no
        self.calls -= 1
        self.hosted -= wanted.is_hosted
        return Reservation(date(2026, 11, 20), wanted.is_hosted, wanted.tokens_in, wanted.tokens_out, 0)

    def settle(self, taken: Reservation, used: Use) -> None:
        self.settled.append(used)


def hosted(*steps: Any, purse: Purse, **given: Any) -> Ran:
    return run(*steps, purse=purse, is_remote=True, standby=embedded(), **given)


def with_usage(tokens_in: int, tokens_out: int) -> AIMessage:
    usage = {"input_tokens": tokens_in, "output_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    return says("Good day.", usage_metadata=usage)


def test_each_call_is_reserved_before_and_settled_after() -> None:
    purse = Purse()
    ran = run(says("", LOOK), says("It has arrived."), purse=purse)
    assert len(purse.wanted) == len(purse.settled) == len(ran.model.seen) == 2
    first, second = purse.wanted
    assert not first.is_hosted and first.tokens_out == 0
    assert second.tokens_in > first.tokens_in > 1000, "prompt and tools count, and then the result as well"
    assert purse.settled[1] == Use(tokens_in=second.tokens_in, tokens_out=4), "15 bytes, four to a token, rounded up"


def test_a_hosted_model_is_believed_what_it_used_within_reason() -> None:
    for told, used in (((1234, 56), Use(tokens_in=1234, tokens_out=56)), ((0, 9), Use(tokens_in=0, tokens_out=9))):
        purse = Purse()
        hosted(with_usage(*told), purse=purse, streams=False)
        assert purse.wanted[0].is_hosted and purse.wanted[0].tokens_out == ANSWER_TOKENS
        assert purse.settled == [used]
    for told in ((0, 0), (-5, 9), (10**9, 1)):
        purse = Purse()
        hosted(with_usage(*told), purse=purse, streams=False)
        # A guess gives nothing back: what a model thinks before it speaks is billed and not seen.
        assert purse.settled == [Use(tokens_in=purse.wanted[0].tokens_in, tokens_out=ANSWER_TOKENS)], told


def test_a_call_that_fails_has_spent_what_was_reserved_for_it() -> None:
    purse = Purse()
    ran = hosted(Away("timeout"), purse=purse)
    assert [wanted.is_hosted for wanted in purse.wanted[:2]] == [True, False]
    assert len(purse.settled) == len(purse.wanted) - 1, "the embedded model's calls only"
    assert ran.of(StoodIn)


def test_where_only_the_money_is_spent_the_embedded_model_goes_on_and_the_customer_is_told() -> None:
    purse = Purse(hosted=1)
    ran = hosted(says("", ("search_products", {"query": "mug"})), says("never"), purse=purse, said="do you have mugs?")
    (notice,) = ran.of(StoodIn)
    assert notice.sentence == (
        f"Your share of the larger model is used up for today, and is back {MIDNIGHT}; the built-in assistant goes on."
    )
    assert len(ran.model.seen) == 1 and "Stoneware Mug" in ran.text and "never" not in ran.text
    assert [(n.kind, n.why) for n in ran.notes] == [
        ("allowance.spent", "account-money"),
        ("model.stood_in", "day-account-money"),
    ]


def test_the_shops_share_is_told_as_the_shops() -> None:
    ran = hosted(says("never"), purse=Purse(hosted=0, no=Spent("guests", "tokens", NIGHT)))
    (notice,) = ran.of(StoodIn)
    assert notice.sentence.startswith("The larger model is used up for today") and "Your" not in notice.sentence
    assert ran.notes[0] == Note("allowance.spent", "guests-tokens") and ran.model.seen == []


def test_a_spent_day_is_one_friendly_sentence_and_no_call() -> None:
    ran = run(says("never"), purse=Purse(calls=0))
    assert ran.text == (
        f"You have used up all that I may do for one person in a day. I am back {MIDNIGHT}. Until then every page of "
        "the shop works as always, and a person can help: ask for one right here."
    )
    assert ran.model.seen == [] and ran.desk.asked == []
    assert ran.turn.kept == [{"role": "assistant", "text": ran.text}], "and it is what the conversation keeps"
    assert ran.notes == [Note("allowance.spent", "account-calls")]
    assert "So much was asked of me" in run(says("x"), purse=Purse(calls=0, no=Spent("shop", "calls", NIGHT))).text


@pytest.mark.parametrize(("left", "words"), [(20, "within the hour"), (70, "in about an hour"), (100, "in about 2 h")])
def test_it_says_when_it_is_back(left: int, words: str) -> None:
    ran = run(says("x"), purse=Purse(calls=0, no=Spent("account", "calls", timedelta(minutes=left))))
    assert words in ran.text


def test_a_day_that_ends_in_the_middle_says_so_and_changes_nothing() -> None:
    ran = run(says("", LOOK), says("never"), purse=Purse(calls=1))
    assert ran.desk.actions == ["ShowOrder"] and "I am back" in ran.text and "never" not in ran.text


class BreaksOff(Scripted):
    """Says its text, and then the line is cut."""

    def _stream(self, *args: Any, **kwargs: Any) -> Iterator[ChatGenerationChunk]:
        *said, _ = super()._stream(*args, **kwargs)
        yield from said
        cut = Away("cut", is_passing=True)
        cut.said = "".join(chunk.text for chunk in said)
        raise cut


def test_a_day_that_is_spent_when_the_hosted_model_breaks_off_is_told_after_its_words() -> None:
    purse = Purse(calls=1)
    ran = hosted(says("I look for your parcel. "), purse=purse, model=BreaksOff)
    assert ran.text.startswith("I look for your parcel.\n\nYou have used up all that I may do")
    assert ran.text.count("your parcel") == 1 and ran.of(StoodIn)
    assert [m["text"] for m in ran.turn.kept] == [ran.text], "the conversation keeps what was told"


@pytest.mark.parametrize("said", ["I want to talk to a person", "Mitarbeiter bitte", "cancel this and get me a human"])
def test_on_a_spent_day_a_person_can_still_be_asked_for(said: str) -> None:
    purse = Purse(calls=0)
    ran = hosted(says("never"), purse=purse, said=said)
    assert ran.desk.actions == ["AskForPerson"] and ran.model.seen == []
    assert ran.text == "A person will answer here.", "the shop's own words for it"
    assert len(ran.of(StoodIn)) == 0


def test_a_hostile_model_gets_nothing_done_on_a_spent_day() -> None:
    ran = run(says("", ("cancel_order", {"order": "HP-7K3M-29QD"})), purse=Purse(calls=0), said="cancel HP-7K3M-29QD")
    assert ran.desk.asked == [] and ran.model.seen == []


def test_a_purse_that_fails_ends_the_turn_before_anything_is_spent() -> None:
    class Broken(Purse):
        def reserve(self, wanted: Wanted) -> Reservation | Spent:
            raise OSError("the database is away")

    ran = run(says("never"), purse=Broken())
    assert ran.model.seen == [] and ran.notes == [Note("turn.failed", "OSError")]


def test_an_answer_that_cannot_be_settled_is_given_all_the_same() -> None:
    class Unsettled(Purse):
        def settle(self, taken: Reservation, used: Use) -> None:
            raise OSError("the database is away")

    assert run(says("Good day."), purse=Unsettled()).text == "Good day."
