"""Days, amounts, counts and order numbers are read as people type them, in English and German."""

from datetime import date
from pathlib import Path

import pytest
import yaml

from agent.local.dates import named_days
from agent.local.model import HERE
from agent.local.numbers import number_of
from agent.local.slots import Reader
from agent.local.sums import sums
from agent.local.wording import load_words

CASES = yaml.safe_load(Path(__file__).with_name("slot_cases.yaml").read_text(encoding="utf-8"))
TODAY = date(2026, 11, 23)


def cases(kind: str) -> list[list[str]]:
    return [[part.strip() for part in line.split("|")] for line in CASES[kind].strip().splitlines()]


@pytest.fixture(scope="module")
def reader() -> Reader:
    return Reader(load_words(HERE / "words.yaml"))


def test_there_are_enough_days_to_tell() -> None:
    assert len(cases("days")) >= 150


@pytest.mark.parametrize(("text", "first", "last"), cases("days"))
def test_days(text: str, first: str, last: str) -> None:
    found = [(span.first.isoformat(), span.last.isoformat()) for span in named_days(text, TODAY)]
    assert found == ([] if first == "-" else [(first, last)])


@pytest.mark.parametrize(("text", "least", "most"), cases("amounts"))
def test_amounts(text: str, least: str, most: str) -> None:
    found = [(found.least or "-", found.most or "-") for found in sums(text)]
    assert found == ([] if least == "none" else [(least, most)])


@pytest.mark.parametrize(("text", "number"), cases("quantities"))
def test_quantities(reader: Reader, text: str, number: str) -> None:
    assert str(reader.read(text).quantity or "-") == number


@pytest.mark.parametrize(("text", "number"), cases("orders"))
def test_order_numbers(reader: Reader, text: str, number: str) -> None:
    assert reader.read(text).orders == (() if number == "-" else (number,))


@pytest.mark.parametrize(("text", "named"), cases("options"))
def test_options(reader: Reader, text: str, named: str) -> None:
    assert ", ".join(reader.read(text).options) == ("" if named == "-" else named)


@pytest.mark.parametrize(("text", "why"), cases("reasons"))
def test_reasons(reader: Reader, text: str, why: str) -> None:
    assert (reader.read(text).reason or "-") == why


@pytest.mark.parametrize(("text", "address"), cases("emails"))
def test_e_mail_addresses(reader: Reader, text: str, address: str) -> None:
    assert reader.read(text).emails == (() if address == "-" else (address,))


@pytest.mark.parametrize(("text", "names"), cases("things"))
def test_things(reader: Reader, text: str, names: str) -> None:
    assert ", ".join(reader.read(text).items) == ("" if names == "-" else names)


@pytest.mark.parametrize(
    ("text", "label"),
    [
        ("send it to the address called barn", "barn"),
        ("delete my cottage address", "cottage"),
        ("remove the address named 'Work'", "office"),
        ("an meine Ferienadresse", "ferien"),
    ],
)
def test_an_address_may_be_called_anything(reader: Reader, text: str, label: str) -> None:
    assert label in reader.read(text).labels


def test_my_new_address_is_no_name_of_one(reader: Reader) -> None:
    assert reader.read("change it to my new address, the shipping address is wrong").labels == ()


def test_a_day_is_no_place_in_a_list_and_no_count(reader: Reader) -> None:
    read = reader.read("the order from last Tuesday, the second of December")
    assert read.position is None or read.position == 1
    assert reader.read("last week's order").position is None
    assert reader.read("my last order").position == 0
    assert reader.read("the second to last order").position == 1


def test_e_mail_addresses_are_seen_and_are_no_words(reader: Reader) -> None:
    read = reader.read("write to ada.lovelace+shop@example.org, please")
    assert read.emails == ("ada.lovelace+shop@example.org",)
    assert "example" not in read.words


@pytest.mark.parametrize("text", ["zero point", "twentyseventeen", "", "hundredth"])
def test_what_is_no_number_has_no_value(text: str) -> None:
    assert number_of(text) is None
