"""What a message takes up of the ones before it: nobody says a thing twice, and no question becomes an answer."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from agent.local import asides, naming, plainly
from agent.local.slots import Reader
from agent.local.wording import load_words

Chats = Callable[..., Any]
WORDS = load_words(Path(asides.__file__).with_name("words.yaml"))
READER = Reader(WORDS, ("Fern House", "Gull Dry Bag 5", "Gull Dry Bag 20"))


def tools_of(talk: Any) -> list[str]:
    return [tool for tool, _ in talk.shop.calls]


def test_a_reason_in_the_customers_own_words_is_not_asked_for_again(chat: Chats) -> None:
    talk = chat()
    talk.say("I'd like to return the mug, it makes the tea taste of metal")
    assert talk.last_call == (
        "return_items",
        {"order": "HP-9AAB-55CE", "items": [1], "reason": "it makes the tea taste of metal"},
    )


def test_a_question_about_the_rules_is_no_reason(chat: Chats) -> None:
    talk = chat()
    talk.say("return the mug please")
    talk.say("how long do I have to return something?")
    assert "read_policy" in tools_of(talk) and "return_items" not in tools_of(talk)
    talk.say("the glaze is dull")
    assert talk.last_call is not None and talk.last_call[1]["reason"] == "the glaze is dull"


def test_asking_after_a_card_makes_no_second_one(chat: Chats) -> None:
    talk = chat()
    talk.say("return the mug please, the glaze is dull")
    assert talk.last_call is not None and talk.last_call[0] == "return_items"
    reply = talk.say("is the return in now?")
    assert "return_items" not in tools_of(talk)
    assert "card" in reply.text or "sign" in reply.text or "confirm" in reply.text


def test_another_option_is_told_for_the_change_before(chat: Chats) -> None:
    talk = chat()
    colours = [{"sku": f"TENT-{n}", "name": n, "stock_word": "in stock"} for n in ("Green", "Sand", "Slate")]
    talk.shop.options["ridge-tent"] = colours
    talk.say("change the tent in HP-4T8W-0XZB to sand")
    assert talk.last_call == ("change_order_item", {"order": "HP-4T8W-0XZB", "line": 1, "sku": "TENT-Sand"})
    talk.say("hm no, slate then")
    assert talk.last_call == ("change_order_item", {"order": "HP-4T8W-0XZB", "line": 1, "sku": "TENT-Slate"})


def test_another_line_is_told_for_the_change_before(chat: Chats) -> None:
    talk = chat()
    talk.say("I want to return the mug from HP-9AAB-55CE, the glaze is dull")
    talk.say("no the blanket, not the mug! it scratches me")
    assert talk.last_call is not None and talk.last_call[0] == "return_items"
    assert talk.last_call[1]["items"] == [2]


def test_another_number_is_set_and_not_added(chat: Chats) -> None:
    talk = chat()
    talk.say("put two blue mugs into my basket")
    talk.say("no wait, 3")
    assert talk.last_call == ("change_basket", {"sku": "MUG-B", "quantity": 3})


def test_a_person_can_be_called_in_the_middle_of_a_question(chat: Chats) -> None:
    talk = chat()
    talk.say("return the mug please")
    talk.say("hm, could a human look at that?")
    assert talk.last_call is not None and talk.last_call[0] == "ask_for_person"


@pytest.mark.parametrize(
    "text",
    ["get me a human", "HUMAN", "and can a real person check it?", "i need a persn", "ich brauche einen Menschen"],
)
def test_calls_for_a_person(text: str) -> None:
    assert asides.calls_person(text, WORDS)


@pytest.mark.parametrize(
    "text",
    ["are you a human?", "I don't want a human", "a tent for one person", "no person needed", "is that a person?"],
)
def test_persons_that_are_not_called_for(text: str) -> None:
    assert not asides.calls_person(text, WORDS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("I'd like to return it. It hums all night.", "It hums all night"),
        ("send it back please, the cat is afraid of it", "the cat is afraid of it"),
        ("Ich möchte es zurückgeben, es riecht nach Leim", "es riecht nach Leim"),
        ("return it please", None),
        ("can I return it? what does it cost?", None),
    ],
)
def test_reasons_told_freely(text: str, reason: str | None) -> None:
    assert asides.told_reason([text], READER) == reason


@pytest.mark.parametrize(
    ("text", "meant"),
    [("the mug, not the can", "the mug"), ("mastercard instead of visa", "mastercard"), ("not the can", "not the can")],
)
def test_what_is_turned_down_is_left_out(text: str, meant: str) -> None:
    assert asides.without_refused(text) == meant


@pytest.mark.parametrize("text", ["is the claim in?", "nothing has happened, has it?", "ist das jetzt storniert?"])
def test_questions_after_a_change(text: str) -> None:
    assert asides.asks_how_it_stands(text, WORDS)


@pytest.mark.parametrize("text", ["can you cancel it?", "is it possible to cancel?", "cancel it", "is there a person?"])
def test_wishes_that_are_no_questions_after_a_change(text: str) -> None:
    assert not asides.asks_how_it_stands(text, WORDS)


ROWS = [{"name": "Gull Dry Bag 20"}, {"name": "Gull Dry Bag 5"}, {"name": "Fern House", "variant": "Brick"}]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("the little house with the ferns", ["Fern House"]),
        ("the smal drybag", ["Gull Dry Bag 5"]),
        ("the bigger dry bag", ["Gull Dry Bag 20"]),
        ("the gull bags", ["Gull Dry Bag 20", "Gull Dry Bag 5"]),
        ("my umbrella", []),
    ],
)
def test_loose_words_name_a_line(text: str, names: list[str]) -> None:
    assert [row["name"] for row in naming.named_rows(ROWS, text, READER)] == names


@pytest.mark.parametrize(
    ("text", "pair", "plain"),
    [
        ("put two of them into my basket", ("add_to_basket", "change_basket"), "add_to_basket"),
        ("remove them from my basket", ("add_to_basket", "change_basket"), "change_basket"),
        ("no exchange, RETURN it", ("exchange_item", "refund_damaged"), "return_items"),
        ("it hums", ("return_items", "claim_warranty"), None),
    ],
)
def test_plain_words_decide_between_two(text: str, pair: tuple[str, str], plain: str | None) -> None:
    assert plainly.of_a_pair(text, pair) == plain


def test_the_thing_is_named_before_what_is_wrong_with_it(model: Any) -> None:
    reader = model._understander._reader
    tent, lamp = ({"number": n, "items": [{"name": name}]} for n, name in (("A", "Ridge Tent"), ("B", "Pole Lamp")))
    assert naming.named_orders([lamp, tent], "my money back for the tent, a pole is broken", reader) == [tent]
    assert naming.named_orders([lamp, tent], "the tent and the pole lamp", reader) == [lamp]
