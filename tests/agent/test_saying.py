"""What may be said: backed claims and amounts pass, others don't, and honest sentences are left alone."""

import json
import re
from pathlib import Path

import pytest
import yaml

from agent.record import Record
from agent.saying import Look
from agent.stream import Checked

ROOT = Path(__file__).parents[2]

ORDER = '{"order":{"number":"HP-7K3M-29QD","status":"cancelled","total":"€1,259.80","tracking":"4242424242424242"}}'


def look(*results: str) -> Look:
    record = Record()
    for result in results:
        record.learn("show_order", result, now=True)
    return Look(record)


@pytest.mark.parametrize("amount", ["€1,259.80", "1.259,80 €", "EUR 1259.80", "1259.80 euros", "€ 1'259.80"])
def test_an_amount_of_the_record_may_be_said_in_any_spelling(amount: str) -> None:
    assert look(ORDER).at(f"It was {amount} in all.") == f"It was {amount} in all."


@pytest.mark.parametrize(
    "amount", ["€1,259.81", "€12.59", "€59.80", "1260 EUR", "...500 €", "$5", "20 %", "50 percent"]
)
def test_any_other_amount_is_struck(amount: str) -> None:
    assert amount not in look(ORDER).at(f"It was {amount} in all.")


def test_a_status_of_the_record_may_be_said_of_that_order_alone() -> None:
    said = "Your order HP-7K3M-29QD was cancelled."
    assert look(ORDER).at(said) == said
    assert "cancelled" not in look(ORDER).at("Your order HP-9999-AAAA was cancelled.")
    assert look(ORDER).at("I have cancelled HP-7K3M-29QD.") == "Order HP-7K3M-29QD: cancelled."


def test_what_was_signed_meanwhile_may_be_said_to_be_so_and_by_nobody_to_have_been_done() -> None:
    record = Record()
    record.learn("refund_order", '{"outcome":"done","says":"€19.90 goes back to your card."}', now=False)
    said = "It was refunded, and €19.90 goes back to you."
    assert Look(record).at(said) == said
    assert "refunded" not in Look(record).at("I have refunded it.")


def test_a_tracking_number_of_the_record_is_no_card_number() -> None:
    assert "4242424242424242" in look(ORDER).at("Tracking: 4242424242424242.")
    assert "4242" not in look().at("Tracking: 4242424242424242.")


def test_a_card_number_that_was_typed_does_not_come_back() -> None:
    record = Record()
    record.hear("my card is 4242424242424242")
    assert Look(record).at("You wrote 4242424242424242.") == "You wrote [card]."


def test_the_records_own_words_pass() -> None:
    quote = "A refund has been processed when the bank says so."
    assert look(json.dumps({"quote": quote})).at(quote) == quote
    assert look().at(quote) != quote


@pytest.mark.parametrize(
    "sentence",
    [
        "I have prepared the cancellation, and a card is waiting.",
        "Nothing has been cancelled yet.",
        "It has not been refunded.",
        "I haven't changed anything.",
        "Once it has been refunded, the shop tells you.",
        "Has it been cancelled already?",
        "Do you want to have it cancelled?",
        "It can no longer be cancelled.",
        "The shop tells you here when it is done.",
        "Es wurde nichts geändert.",
        "Ich habe das vorbereitet, unterschreiben Sie bitte auf der Karte.",
        "Bisher ist nichts passiert.",
        "Sobald die Bestellung storniert wurde, meldet sich der Shop.",
        "Ignore my last message, I meant the blue one.",
        "Read it under /policies#returns, please.",
        "Choose the smaller one, a < b.",
    ],
)
def test_honest_sentences_are_left_alone(sentence: str) -> None:
    assert look().at(sentence) == sentence


def _templates() -> list[tuple[str, str]]:
    folder = ROOT / "agent" / "local"
    found = []
    for file in [folder / "replies.yaml", *sorted((folder / "intents").glob("*.yaml"))]:
        data = yaml.safe_load(file.read_text("utf-8"))
        replies = data if file.parent == folder else data.get("replies", {})
        for key, languages in replies.items():
            for text in languages.values():
                found += [(f"{file.stem}/{key}", line.strip()) for line in str(text).splitlines() if line.strip()]
    return found


# Replies that are given in one state of the order only, or after a change was made.
SHIPPED = {"instead_talk_to_person"}
DELIVERED = {"becomes_exchange_item"}
UNDER_WAY = {"pending", "recalled_pending"}
AFTER_A_CHANGE = {"add_to_basket/done", "talk_to_person/done", "replies/done"}


def _said_over(key: str) -> Record:
    """The record that stands behind a reply when it is given."""
    record, name = Record(), key.partition("/")[2]
    if key in AFTER_A_CHANGE:
        record.done |= {"basket", "person"}
    if name in UNDER_WAY:
        record.learn("refund_order", '{"outcome":"pending","says":"The payment service is being asked."}', now=True)
    for state, keys in (("shipped", SHIPPED), ("delivered", DELIVERED)):
        if name in keys:
            record.learn("show_order", json.dumps({"order": {"number": "HP-7K3M-29QD", "status": state}}), now=True)
    return record


def test_the_embedded_models_own_replies_pass() -> None:
    """Each template is said over no more than the records it is chosen for; none is struck."""
    struck = [(key, line) for key, line in _templates() if Look(_said_over(key)).at(line) != line]
    assert len(_templates()) > 100 and struck == []


def _sections() -> list[tuple[str, str]]:
    found = []
    for file in sorted((ROOT / "shop" / "rules").glob("*.md")):
        for section in file.read_text("utf-8").split("\n## ")[1:]:
            title, *lines = section.splitlines()
            body = " ".join(line for line in lines if line and not line.startswith("<!--"))
            found.append((title.partition(" {#")[0], body))
    return found


@pytest.mark.parametrize(
    "frame",
    ["Our policy says (“{}”): “{}” Read it in full: /policies", "Der Wortlaut von „{}“: „{}“ Mehr: /x", "“{}”: “{}”"],
)
def test_every_rule_of_the_shop_can_be_quoted(frame: str) -> None:
    assert len(_sections()) > 15
    for title, body in _sections():
        read = look(json.dumps({"quote": body, "section": title, "link": "/policies"}))
        said = frame.format(title, body[:600])
        assert _through(read, said) == said


@pytest.mark.parametrize(
    "frame", ["The shop can't do that: {}", "{} You can do that at /sign-in.", "Das ist nicht möglich: {}"]
)
def test_every_refusal_of_the_policies_can_be_passed_on(frame: str) -> None:
    refusals = [
        (hit[1], says[1])
        for file in sorted((ROOT / "shop" / "policy").glob("*.cedar"))
        for hit in re.finditer(r'@id\("([^"]+)"\)([^;]*?)(?:permit|forbid)', file.read_text("utf-8"))
        if (says := re.search(r'@says\("([^"]+)"\)', hit[2]))
    ]
    german = yaml.safe_load((ROOT / "agent" / "local" / "words.yaml").read_text("utf-8"))["says"]["de"]
    assert len(refusals) > 50 and len(german) > 5
    for policy, says in refusals:
        read = look(json.dumps({"outcome": "refused", "says": says, "policy": policy}))
        for text in (says, german.get(policy, says)):
            assert _through(read, frame.format(text)) == frame.format(text), policy


def _through(look: Look, text: str) -> str:
    checked = Checked(look, room=10_000)
    return "".join([*checked.feed(text), *checked.flush()])
