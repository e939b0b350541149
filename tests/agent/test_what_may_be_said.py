"""A table of honest sentences, none of which is struck, beside invented ones, which all are; what stands instead."""

import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from agent.backing import Said
from agent.days import days_in
from agent.figures import figures
from agent.promises import promises_in
from agent.record import Record
from agent.saying import KINDS, NEUTRAL, Look
from agent.stream import LONGEST_SENTENCE, Checked
from tests.agent.said_records import TODAY, look, record

TABLE = yaml.safe_load(Path(__file__).with_name("said_sentences.yaml").read_text("utf-8"))
INVENTED = [(kind, line) for kind, lines in TABLE["invented"].items() for line in lines]
# A sentence that fails two ways is struck for the first of them; these go together.
ALIKE = {"status": {"claim"}, "day": {"promise", "number"}, "promise": {"day"}}


def judged(line: str) -> tuple[str, str, dict[str, int]]:
    """The last sentence of a line as given and as told, and what was struck in it."""
    *before, last = [line] if line.startswith("|") else line.split("|")
    seen, previous = look(), ""
    for sentence in before:
        previous = seen.at(sentence, previous) or previous
    seen.struck.clear()
    return last, seen.at((" " if previous else "") + last, previous).strip(), dict(seen.struck)


def test_the_table_is_as_large_as_it_says() -> None:
    assert len(TABLE["honest"]) >= 80 and len(INVENTED) >= 120
    assert set(TABLE["invented"]) == {*KINDS, "form"} and set(NEUTRAL) == {*KINDS, "form", "secret"}


@pytest.mark.parametrize("line", TABLE["honest"])
def test_an_honest_sentence_is_told_as_it_is(line: str) -> None:
    last, told, struck = judged(line)
    assert told == last and not struck


@pytest.mark.parametrize(("kind", "line"), INVENTED)
def test_a_made_up_one_is_struck_and_counted(kind: str, line: str) -> None:
    last, told, struck = judged(line)
    assert told != last and set(struck) & {kind, *ALIKE.get(kind, ())}, (told, struck)


def test_nothing_is_left_of_an_invented_sentence() -> None:
    """What stands instead is one of the fixed sentences or one written from the record, and passes the look itself."""
    instead = {judged(line)[1] for _, line in INVENTED}
    neutral = {sentence for pair in NEUTRAL.values() for sentence in pair}
    written = instead - neutral - {""}
    assert len(written) >= 10 and all(
        re.match(r"Order |Bestellung |Our rules|Unsere Regeln|\w+ Tent: ", s) for s in written
    )
    for sentence in instead - {""}:
        again = look()
        assert again.at(sentence) == sentence and not again.struck


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "Your order HP-7K3M-29QD has been delivered.",
            "Order HP-7K3M-29QD: on its way, shipped on 18 Nov 2026, expected on 24 Nov 2026.",
        ),
        (
            "Ihre Bestellung HP-9AAB-55CE ist unterwegs.",
            "Bestellung HP-9AAB-55CE: zugestellt am 26. Okt 2026.",
        ),
        ("The total of HP-7K3M-29QD is €99.00.", "Order HP-7K3M-29QD: on its way, total €59.80."),
        ("The Ridge Tent is in stock.", "Ridge Tent: €189.00, sold out."),
        (
            "You can have your money back for 14 days after delivery.",
            "Our rules say: “You can have your money back for 30 days after delivery, for a whole order or for single "
            "things in it.”",
        ),
        ("You'll get a present.", NEUTRAL["promise"][0]),
        ("Wir kümmern uns darum.", NEUTRAL["promise"][1]),
    ],
)
def test_the_record_speaks_where_it_knows_the_thing(said: str, told: str) -> None:
    assert look().at(said) == told


@pytest.mark.parametrize(
    "said",
    [
        "There are two ways to do that.",
        "Two-factor sign-in has its own page.",
        "I have three questions.",
        "Es gibt zwei Möglichkeiten.",
        "Hello! How can I help you today?",
        "I'll look that up for you.",
        "Which one do you mean?",
        "One moment, please.",
        "I'm sorry about the trouble.",
        "Step 1: open the page.",
        "That depends on the order.",
    ],
)
def test_talk_that_names_no_fact_needs_no_record(said: str) -> None:
    assert Look(Record(), today=TODAY).at(said) == said


def test_what_other_people_wrote_backs_nothing() -> None:
    for said in ("It costs €77.", "It takes 99 days.", "It ends on 31 December 2026."):
        assert look().at(said) != said


def test_what_the_customer_typed_may_be_repeated_and_is_no_fact() -> None:
    for said in (
        "You asked about 14 days.",
        "I found nothing under €50.",
        "Is it HP-7K3M-29QD?",
        "I'm sorry it is broken.",
    ):
        assert look().at(said) == said
        assert look(typed=False).at("You asked about 14 days.") != "You asked about 14 days."
    for said in ("Yes, 14 days is right.", "It costs €50.", "It comes on 5 December."):
        assert look().at(said) != said


def test_a_number_the_customer_typed_is_echoed_without_a_state() -> None:
    seen = Record()
    seen.hear("where is hp-zzzz 1111?")
    assert Look(seen, today=TODAY).at("I look for HP-ZZZZ-1111.") == "I look for HP-ZZZZ-1111."
    assert Look(seen, today=TODAY).at("HP-ZZZZ-1111 is on its way.") != "HP-ZZZZ-1111 is on its way."
    assert Look(Record(), today=TODAY).at("I look for HP-ZZZZ-1111.") != "I look for HP-ZZZZ-1111."


def test_days_are_counted_from_the_day_that_is_handed_in() -> None:
    said = "It is expected in four days."
    assert Look(record(), today=TODAY).at(said) == said
    assert Look(record(), today=TODAY.replace(day=21)).at(said) != said
    tomorrow = "It arrives tomorrow."
    assert Look(record(), today=TODAY.replace(day=23)).at(tomorrow) == tomorrow
    assert Look(record(), today=TODAY).at(tomorrow) != tomorrow
    assert Look(record()).at(tomorrow) != tomorrow


def test_a_person_who_was_asked_may_be_said_to_come() -> None:
    said = "A colleague will answer you here."
    assert look().at(said) != said
    asked = record()
    asked.learn("ask_for_person", '{"outcome":"done","says":"A person is asked."}', now=True)
    assert Look(asked, today=TODAY).at(said) == said
    assert Look(asked, today=TODAY).at("A colleague will call you.") != "A colleague will call you."


def test_refusals_are_the_shops() -> None:
    said = "Your request was refused."
    assert look().at(said) != said
    asked = record()
    asked.learn("refund_order", '{"outcome":"refused","says":"The window is over."}', now=True)
    assert Look(asked, today=TODAY).at(said) == said


@pytest.mark.parametrize("piece", [1, 7, 400])
def test_a_stream_tells_the_same_however_it_is_cut(piece: int) -> None:
    text = "Your order HP-7K3M-29QD is on its way. It comes on Wednesday! You have\n14 days. Anything else?"
    checked = Checked(look(), room=2000)
    told = "".join(s for n in range(0, len(text), piece) for s in checked.feed(text[n : n + piece]))
    told += "".join(checked.flush())
    assert "Wednesday" not in told and "14" not in told
    assert told.startswith("Your order HP-7K3M-29QD is on its way.") and told.endswith("Anything else?")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("two to three working days", [("2", "day"), ("3", "day")]),
        ("einundzwanzig Tage", [("21", "day")]),
        ("a 30-day window", [("30", "day")]),
        ("zweijährige Garantie", [("2", "year")]),
        ("Dreijahresgarantie", [("3", "year")]),
        ("twenty-one", [("21", "")]),
        ("two hundred euros", [("200", "money")]),
        ("1,250 reviews", [("1250", "")]),
        ("4,50 von 5", [("4.5", "star"), ("5", "")]),
        ("only one left", [("1", "left")]),
        ("which one of these", []),
        ("a few times a year", []),
        ("1. Harbor Lantern", []),
        ("Sessions: 2. Codes left: 7", [("2", ""), ("7", "")]),
    ],
)
def test_numbers_are_read_with_their_units(text: str, found: list[tuple[str, str]]) -> None:
    assert [(figure.value, figure.unit) for figure in figures(text)] == found


@pytest.mark.parametrize(
    "text",
    [
        "24 Nov 2026", "24 November", "November 24th, 2026", "on 24/11", "24/11/2026", "2026-11-24", "24.11.2026",
        "am 24.11.",
        "the 24th of November", "on the 24th", "Tuesday", "by Tuesday", "am Dienstag", "next week", "nächste Woche",
        "in a few days", "in November", "am 24.",
    ],
)  # fmt: skip
def test_a_day_is_the_same_day_in_any_spelling(text: str) -> None:
    (told,) = days_in(f"It is expected {text} then", TODAY)
    assert told.is_one_of({(2026, 11, 24)})
    assert not told.is_one_of({(2025, 1, 6)})


def _hostile(length: int) -> Iterator[str]:
    for piece in (
        "a", " ", "1", "1.", "1,", "1 ", "€", "€1", "-", "A-", "HP-", "HP-7K3M-", "not ", "in ", "we will ",
        "your order ", "will ",
        "is ", "is not ", "ich habe ", "wird ", "werden sie ", "you will also ", "I will now ", "the the the order ",
        "on 1.",
        "nov ", "next ", "two ", "ein ", "„", "“a", ": ", "[", "![", "[a](", "<a", "a.", "//", "_", ""
        "| ", "shop: ", "\u0430b ",
        "nothing that ", "that of ", "ein paar ", "from the ", "1/", "(is ",
    ):  # fmt: skip
        yield (piece * length)[:length]


def test_no_pattern_runs_away() -> None:
    """Four times the text takes a few times the work, and not its cube: these texts are what repeats could feed on."""
    seen = look()

    def work(length: int) -> float:
        began = time.process_time()
        for text in _hostile(length):
            seen.at(text, text)
        return time.process_time() - began

    short, long = (min(work(length) for _ in range(3)) for length in (LONGEST_SENTENCE // 4, LONGEST_SENTENCE))
    assert long < 40 * short and seen.struck


def test_what_is_looked_at_is_bounded() -> None:
    """However long the sentence before was, only its end is read again."""
    said = Said.of("It is here.", "word " * 10_000, record(), TODAY)
    assert len(said.text) < 200
    assert promises_in("I will " * 80)
