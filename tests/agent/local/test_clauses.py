"""A message is cut where another request begins, and stories, reasons and further things stay with the request."""

import pytest

from agent.local.clauses import Kind, carried, clauses, stretches
from agent.local.model import HERE
from agent.local.wording import Words, load_words


@pytest.fixture(scope="module")
def words() -> Words:
    return load_words(HERE / "words.yaml")


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("cancel the tent and where is my mug?", ["cancel the tent", "where is my mug?"]),
        ("send me the bill, then delete my old card", ["send me the bill", "delete my old card"]),
        ("where is it? While you're at it, add two mugs to my cart", ["where is it?", "add two mugs to my cart"]),
        ("I'd like to return the jacket, it's too small, and where is my lamp?", 2),
        ("the boots are too small, I need 43, and I need the receipt for the stove", 2),
        ("which backpack would you recommend, and how long is the warranty?", 2),
        ("storniere bitte das Zelt und die Rechnung für die Lampe schicken", 2),
        ("Wo ist mein Paket? Außerdem brauche ich die Rechnung", 2),
        ("cancel the tent, send me the bill and tell me where the mug is", 3),
        ("my mug arrived broken and where is the rest of my order", 2),
    ],
)
def test_each_part_that_asks_for_something_is_one(words: Words, text: str, parts: list[str] | int) -> None:
    found = [part.text for part in stretches(text, words)]
    assert found == parts if isinstance(parts, list) else len(found) == parts


@pytest.mark.parametrize(
    "text",
    [
        "it arrived yesterday and it is broken",
        "cancel the tent and the mug",
        "please cancel it because I moved and nobody is at home",
        "bitte stornieren, weil ich umziehe und nichts brauche",
        "I moved, so please send my order to my new address and not the old one",
        "There is no lift and my back is bad, so please deliver it to the shop",
        "if it has not been packed yet, please stop the order",
        "tell me where it is and when it arrives",
        "I bought a tent and a lantern last week and nothing has arrived",
        "Hello, I hope you are well, where is my parcel?",
        "thanks, that was kind and quick",
        "send me the bill from 15. Oktober for the tent",
        "please deliver it to Elm Road 7, 20457 Hamburg, and not to my office",
        "don't ship it, and don't charge me",
        "Gibt es hier einen echten Menschen, mit dem ich sprechen kann?",
    ],
)
def test_what_belongs_to_one_request_stays_together(words: Words, text: str) -> None:
    assert len(stretches(text, words)) == 1


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("cancel it", Kind.ORDERS),
        ("please could somebody call me", Kind.QUESTIONS),
        ("and the invoice please", Kind.ORDERS),
        ("die Lampe zurückgeben", Kind.ORDERS),
        ("I'd rather have it in green", Kind.WISHES),
        ("ich hätte gern zwei davon", Kind.WISHES),
        ("I don't want it any more", Kind.TELLS),
        ("order 7K3M is late", Kind.TELLS),
        ("when it arrived", Kind.DEPENDS),
        ("weil sie zu klein ist", Kind.DEPENDS),
        ("size 43", Kind.NAMES),
    ],
)
def test_what_a_clause_does(words: Words, text: str, kind: Kind) -> None:
    assert clauses(text, words)[0].kind is kind


def test_a_verb_serves_two_things_of_ones_own(words: Words) -> None:
    shared = carried("show me my addresses and my cards", words)
    assert shared and [part.spoken for part in shared] == ["show me my addresses", "show me my cards"]
    assert carried("show me the tents", words) is None
    assert carried("cancel the tent and where is my mug", words) is None


def test_no_message_has_more_parts_than_are_read(words: Words) -> None:
    assert len(stretches("cancel it. " * 50, words, most=6)) == 6
    assert stretches("", words) == [] == stretches(" , ; ", words)
