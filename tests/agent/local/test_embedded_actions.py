"""Every action of the shop is reached by talking, over several turns: what is asked, called, and left alone."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from agent.local.model import EmbeddedModel

Chats = Callable[..., Any]
MUG, TENT, LANTERN = "HP-9AAB-55CE", "HP-4T8W-0XZB", "HP-7K3M-29QD"
GUEST = {"outcome": "refused", "says": "Please sign in first.", "policy": "account.guests-sign-in"}
TWO: dict[str, Any] = {
    "number": "HP-22BB-33CC",
    "placed": "17 Nov 2026",
    "status": "paid",
    "total": "€219.00",
    "items": [
        {"line": 1, "name": "Ridge Tent", "variant": "Green", "quantity": 1, "price": "€189.00"},
        {"line": 2, "name": "Harbor Lantern", "variant": "Brass", "quantity": 1, "price": "€29.90"},
    ],
}
BOOTS: dict[str, Any] = {
    "number": "HP-44DD-55EE",
    "placed": "3 Nov 2026",
    "status": "delivered",
    "total": "€120.00",
    "items": [{"line": 1, "name": "Trail Boots", "variant": "42", "quantity": 1, "price": "€120.00"}],
}
SANDY = [
    {"sku": "TENT-G", "name": "Green", "price": "€189.00", "stock_word": "in stock"},
    {"sku": "TENT-S", "name": "Sand", "price": "€199.00", "stock_word": "in stock"},
]
# What is said, one line a turn, and the last call it leads to.
TALKS: list[tuple[str, list[str], tuple[str, dict[str, Any]]]] = [
    (
        "return",
        ["I want to send the mug back", "it doesn't fit"],
        ("return_items", {"order": MUG, "items": [1], "reason": "does not fit"}),
    ),
    (
        "return, all told",
        [f"return the blanket from {MUG}, it is too small"],
        ("return_items", {"order": MUG, "items": [2], "reason": "does not fit"}),
    ),
    (
        "return, in German",
        ["Ich möchte die Tasse zurückschicken", "sie gefällt mir nicht"],
        ("return_items", {"order": MUG, "items": [1], "reason": "changed my mind"}),
    ),
    (
        "the line corrected",
        [f"I want to return something from {MUG}", "the blanket", "no, I meant the mug", "it broke"],
        ("return_items", {"order": MUG, "items": [1], "reason": "arrived broken"}),
    ),
    ("a return before it left", ["I want to send back the tent"], ("cancel_order", {"order": TENT})),
    (
        "pay otherwise",
        ["pay my order with the mastercard instead"],
        ("change_order_payment", {"order": TENT, "payment": "card:mastercard-4444"}),
    ),
    (
        "pay otherwise, asked",
        [f"I want to pay order {TENT} with another card", "the one ending 4444"],
        ("change_order_payment", {"order": TENT, "payment": "card:mastercard-4444"}),
    ),
    ("invoice", ["show me the invoice for the tent"], ("show_invoice", {"order": TENT})),
    ("buy again", ["buy the mug again"], ("reorder", {"order": MUG})),
    ("by its day", ["where is the order from 20 October"], ("track_order", {"order": MUG})),
    ("by its day, in German", ["Storniere die Bestellung vom 3. November"], ("cancel_order", {"order": TENT})),
    ("by its state", ["show my orders", "the delivered one"], ("show_order", {"order": MUG})),
    (
        "by its day and label",
        ["Schick die Bestellung vom 3. November ins Büro"],
        ("change_order_address", {"order": TENT, "address": "address:office"}),
    ),
    ("in the list", ["show my orders", "cancel the second one"], ("cancel_order", {"order": TENT})),
    (
        "what the shop calls otherwise",
        ["the lamp in my parcel was crushed"],
        (
            "report_parcel",
            {"order": LANTERN, "problem": "damaged", "what": "the lamp in my parcel was crushed"},
        ),
    ),
    ("refund status", ["where's my refund?"], ("refund_status", {})),
    (
        "warranty",
        ["I want to make a warranty claim for the mug", "the handle came off after a month"],
        ("claim_warranty", {"order": MUG, "line": 1, "problem": "the handle came off after a month"}),
    ),
    ("out of the basket", ["take the lantern out of my basket"], ("change_basket", {"sku": "LAN-B", "quantity": 0})),
    (
        "how many, of another thing",
        ["take the lantern out of my basket", "make it three mugs in my basket"],
        ("change_basket", {"sku": "MUG-B", "quantity": 3}),
    ),
    (
        "order the basket",
        ["I want to place my order now", "Home", "visa"],
        ("place_order", {"address": "address:home", "payment": "card:visa-4242"}),
    ),
    ("remove an address", ["remove my office address"], ("remove_address", {"address": "address:office"})),
    ("remove a card", ["remove the visa card"], ("remove_payment_method", {"payment": "card:visa-4242"})),
    ("newsletter off", ["turn off the newsletter"], ("change_preferences", {"topic": "news", "on": False})),
    ("in German", ["Newsletter abbestellen"], ("change_preferences", {"topic": "news", "on": False})),
    (
        "which e-mails",
        ["unsubscribe me", "News from the shop, a few times a year"],
        ("change_preferences", {"topic": "news", "on": False}),
    ),
    ("two-factor", ["is two-factor on?"], ("show_security", {})),
    ("sessions", ["where am I signed in?", "sign me out everywhere else"], ("end_sessions", {})),
    ("data", ["what do you know about me"], ("show_my_data", {})),
    ("export", ["export my data"], ("export_my_data", {})),
    ("delete", ["delete my account"], ("delete_account", {})),
    (
        "compare",
        ["compare the ridge tent and the summit tent"],
        ("compare_products", {"products": ["ridge-tent", "summit-tent"]}),
    ),
    (
        "compare what was found",
        ["do you have tents?", "compare them"],
        ("compare_products", {"products": ["ridge-tent", "summit-tent"]}),
    ),
    (
        "advice with a limit",
        ["recommend me a tent under 200 euros"],
        ("recommend_products", {"query": "tent", "max_price": "200"}),
    ),
    (
        "a change of mind while asked",
        [f"refund {MUG} please", "actually I'd rather exchange the mug for a red one"],
        (
            "exchange_item",
            {"order": MUG, "line": 1, "sku": "MUG-R", "reason": "actually I'd rather exchange the mug for a red one"},
        ),
    ),
]


@pytest.mark.parametrize(("lines", "call"), [talk[1:] for talk in TALKS], ids=[talk[0] for talk in TALKS])
def test_an_action_is_reached_by_talking(chat: Chats, lines: list[str], call: tuple[str, dict[str, Any]]) -> None:
    talk = chat()
    for line in lines[:-1]:
        talk.say(line)
        assert talk.last_call is None or talk.last_call[0] != call[0] or talk.last_call[1] != call[1]
    reply = talk.say(lines[-1])
    assert talk.last_call == call
    assert reply.text.strip() and "not clear to me" not in reply.text and "no clear answer" not in reply.text


@pytest.mark.parametrize(
    ("text", "orders", "call"),
    [
        (
            "swap my boots for a size bigger, they are too small",
            [BOOTS],
            ("exchange_item", {"sku": "BOOT-43", "line": 1}),
        ),
        ("I want to change the boots to size 41", [BOOTS], ("exchange_item", {"sku": "BOOT-41", "line": 1})),
        ("change the tent in my order to sand", [TWO], ("change_order_item", {"sku": "TENT-S", "line": 1})),
        (f"exchange the tent of {TWO['number']} for the sand one", [TWO], ("change_order_item", {"sku": "TENT-S"})),
        (f"cancel the lantern from my order {TWO['number']}", [TWO], ("cancel_order", {"items": [2]})),
        (f"cancel order {TWO['number']}", [TWO], ("cancel_order", {"order": TWO["number"]})),
        ("cancel the order with the lantern", [TWO], ("cancel_order", {"order": TWO["number"]})),
    ],
)
def test_the_state_of_the_order_decides_what_a_change_is(
    chat: Chats, text: str, orders: list[dict[str, Any]], call: tuple[str, dict[str, Any]]
) -> None:
    talk = chat()
    talk.shop.orders, talk.shop.options["ridge-tent"] = orders, SANDY
    talk.say(text)
    assert talk.last_call is not None and talk.last_call[0] == call[0], talk.messages[-1].text
    assert call[1].items() <= talk.last_call[1].items()
    assert "items" in call[1] or "items" not in talk.last_call[1]


def test_a_wish_that_became_another_is_said_to_be_one(chat: Chats) -> None:
    talk = chat()
    reply = talk.say("I want to send back the tent").text
    assert TENT in reply and "placed" in reply and "cancel" in reply
    reply = chat().say("can I change the mug to red?").text
    assert "exchange" in reply and "delivered" in reply


def test_a_guest_goes_on_where_it_was_after_signing_in(chat: Chats) -> None:
    for back in ("ok I'm signed in", "done, I'm logged in now", "yes"):
        talk = chat()
        talk.shop.instead["list_orders"] = GUEST
        assert "/sign-in" in talk.say("return the mug, it is too small").text
        talk.say("how do I register?")
        del talk.shop.instead["list_orders"]
        talk.say(back)
        assert talk.last_call == ("return_items", {"order": MUG, "items": [1], "reason": "does not fit"}), back


def test_the_same_question_again_is_answered_after_signing_in(chat: Chats) -> None:
    talk = chat()
    talk.shop.instead["list_orders"] = GUEST
    talk.say("where is my last order?")
    del talk.shop.instead["list_orders"]
    talk.say("so, where is it?")
    assert talk.last_call == ("track_order", {"order": LANTERN})


def test_the_bare_name_of_an_option_is_understood_after_an_interruption(chat: Chats) -> None:
    talk = chat()
    talk.say("add it to my basket", {"product": "stoneware-mug"})
    talk.say("what is your return policy?")
    talk.say("red")
    assert talk.last_call == ("add_to_basket", {"product": "stoneware-mug", "variant": "MUG-R", "quantity": 1})


def test_two_requests_go_on_one_after_the_other_when_the_first_needs_an_answer(chat: Chats) -> None:
    talk = chat()
    reply = talk.say("return the mug and cancel the tent")
    assert ("cancel_order", {"order": TENT}) in talk.shop.calls
    assert reply.text.rstrip().endswith("?") and "It arrived broken" in reply.additional_kwargs["choices"]
    talk.say("It arrived broken")
    assert talk.last_call == ("return_items", {"order": MUG, "items": [1], "reason": "arrived broken"})


def test_what_was_told_for_one_wish_is_not_asked_again_for_the_next(chat: Chats) -> None:
    talk = chat()
    talk.say("my mug arrived broken")
    reply = talk.say("actually, can I exchange it?")
    assert reply.additional_kwargs["choices"] == ["Red"]
    talk.say("Red")
    assert talk.last_call is not None and talk.last_call[0] == "exchange_item"
    assert talk.last_call[1] == {"order": MUG, "line": 1, "sku": "MUG-R", "reason": "arrived broken"}


@pytest.mark.parametrize(
    "text",
    [
        "I will sue you",
        "my lawyer will hear about this",
        "the stove caught fire",
        "I burned my hand on the kettle",
        "Ich schalte meinen Anwalt ein",
        "Ich habe mich an dem Messer verletzt",
    ],
)
def test_law_and_danger_are_offered_to_a_person_at_once(chat: Chats, text: str) -> None:
    talk = chat()
    reply = talk.say(text)
    assert re.search("sorry|leid", reply.text) and reply.additional_kwargs["choices"]
    talk.say("yes please" if text.isascii() and "Ich" not in text else "ja bitte")
    assert talk.last_call is not None and talk.last_call[0] == "ask_for_person"


def test_a_second_failure_offers_a_person(chat: Chats) -> None:
    talk = chat()
    talk.say("banana")
    reply = talk.say("xyzzy")
    assert reply.additional_kwargs["choices"] == ["Talk to a person"]


def test_a_rule_in_a_german_talk_is_said_to_be_english(chat: Chats) -> None:
    talk = chat()
    reply = talk.say("Was sind eure Rückgaberegeln?").text
    assert "You have 30 days." in reply and re.search("nur auf Englisch|nur auf englisch", reply)
    assert "Englisch" not in chat().say("what is your return policy?").text


def test_notes_of_a_carrier_are_never_repeated(chat: Chats) -> None:
    talk = chat()
    reply = talk.say("where is my last order?").text
    assert "STAFF" not in reply and "500" not in reply and "Handed to the carrier" in reply


def test_no_number_is_said_that_no_record_of_the_talk_holds(chat: Chats) -> None:
    for _, lines, _ in TALKS:
        talk = chat()
        for line in lines:
            reply = talk.say(line)
            known = set(re.findall(r"\d+(?:[.,]\d+)*", " ".join(m.text for m in talk.messages if m.type == "tool")))
            said = re.sub(r"HP-[0-9A-Z]{4}-[0-9A-Z]{4}", "", reply.text)
            assert set(re.findall(r"\d+(?:[.,]\d+)*", said)) <= known, (line, reply.text)
            assert not re.search(r"\b(we|I)('ll| will)\b|guarantee|promise", reply.text), reply.text


def test_every_intent_that_changes_something_says_so_in_both_languages(model: EmbeddedModel) -> None:
    for intent in model._intents.values():
        if intent.tool and intent.changes:
            assert {"awaiting", "done"} & set(intent.replies), intent.id
            for variants in intent.replies.values():
                assert len(variants["en"]) >= 3 and len(variants["de"]) >= 2, intent.id


def test_a_forkers_mistakes_are_named_with_their_file(model: EmbeddedModel, shop: Any) -> None:
    assert model.check(shop.tools()) == []
    (problem, *_) = model.check(shop.tools(without=frozenset({"show_invoice"})))
    assert problem == "show_invoice.yaml: there is no tool named show_invoice"
    problems = model.check(shop.tools(without=frozenset({"list_payment_methods"})))
    assert any(
        p == "place_order.yaml: slot payment looks into list_payment_methods, and there is no such tool"
        for p in problems
    )
