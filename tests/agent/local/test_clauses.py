"""Where a message may be cut, what each clause does, and what speaks for two requests rather than one."""

from dataclasses import replace

import pytest

from agent.local.clauses import Kind, clauses
from agent.local.cutting import Signs, odds, pieces
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
        ("where is it? While you're at it, add two mugs", ["where is it?", "add two mugs"]),
        ("invoice for may please, and the same again", ["invoice for may please", "the same again"]),
        ("HP-7K3M-29QD bitte stornieren, und wo ist mein Zelt", ["HP-7K3M-29QD bitte stornieren", "wo ist mein Zelt"]),
        ("cancel it, send me the bill and tell me where it is", 3),
    ],
)
def test_a_message_may_be_cut_at_marks_and_joining_words(words: Words, text: str, parts: list[str] | int) -> None:
    found = [piece.text for piece in pieces(text, words)]
    assert found == parts if isinstance(parts, list) else len(found) == parts


@pytest.mark.parametrize(
    "text",
    [
        "please cancel it because I moved",
        "bitte stornieren, weil ich umziehe",
        "if it has not been packed yet, please stop the order",
        "send me the bill from 15. Oktober for the tent",
        "please deliver it to Elm Road 7, 20457 Hamburg",
    ],
)
def test_a_reason_a_condition_or_the_rest_of_an_address_is_no_piece(words: Words, text: str) -> None:
    assert len(pieces(text, words)) == 1


def test_two_clear_pieces_are_two_requests_and_a_clear_whole_is_one() -> None:
    signs = Signs(
        clear=4.0, whole=0.3, strange=False, leaning=0.0, words=4, stop=False, also=False, both=True,
        named=False, wished=False, its=False, small=False, related=False,
    )  # fmt: skip
    assert odds(signs) > 2
    assert odds(replace(signs, clear=-2.0)) < 0.6
    assert all(
        odds(replace(signs, **against)) < odds(signs)
        for against in ({"whole": 0.9}, {"related": True}, {"its": True}, {"small": True}, {"words": 2})
    )


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


@pytest.mark.parametrize(
    ("text", "kind"), [("HP-7K3M-29QD where is it", Kind.QUESTIONS), ("HP-7K3M-29QD is late", Kind.TELLS)]
)
def test_an_order_number_in_front_changes_nothing(words: Words, text: str, kind: Kind) -> None:
    assert clauses(text, words)[0].kind is kind


def test_no_message_has_more_pieces_than_are_read(words: Words) -> None:
    assert len(pieces("cancel it. " * 50, words, most=6)) == 6
    assert pieces("", words) == [] == pieces(" , ; ", words)
