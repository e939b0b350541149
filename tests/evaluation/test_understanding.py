"""Single messages are understood as their authors meant them: a part of the sentences here, all in `make evaluate`.

The bounds are floors under what was measured, so that a change which makes understanding worse is noticed.
"""

import pytest

from agent.local.model import EmbeddedModel
from tests.building import embedded
from tests.evaluation import understanding

EVERY = 4  # of the sentences, one in so many is tried here


@pytest.fixture(scope="module")
def model() -> EmbeddedModel:
    return embedded()


def test_sentences_come_to_the_action_their_author_had_in_mind(model: EmbeddedModel) -> None:
    found = understanding.sentences(model.understood, understanding.corpus("sentences")[::EVERY])
    assert found.count > 200
    right, acting, asked = (0.94, 0.97, 0.10) if "embeddings" in model.voters else (0.80, 0.88, 0.18)
    assert found.right >= right and found.right_when_acting >= acting and found.asked_back <= asked, found


def test_what_is_none_of_the_shops_business_is_told_from_what_is(model: EmbeddedModel) -> None:
    inside = [case["text"] for case in understanding.corpus("sentences")[::EVERY] if case["action"] != "out_of_scope"]
    beyond = [case["text"] for case in understanding.corpus("out_of_scope")[::EVERY]]
    assert understanding.outside(model.understood, inside, beyond) >= 0.95


def test_amounts_and_counts_are_read(model: EmbeddedModel) -> None:
    cases = [case for case in understanding.corpus("slots") if {"amount", "quantity"} & set(case["slots"])]
    read = understanding.slots(model.understood, cases)
    assert read["amount"][1] >= 0.95 and read["quantity"][1] >= 0.94, read


def test_every_kind_of_slot_is_read(model: EmbeddedModel) -> None:
    read = understanding.slots(model.understood, understanding.corpus("slots"))
    count = sum(number for number, _ in read.values())
    assert sum(number * share for number, share in read.values()) >= 0.95 * count, read
    assert read["order"][1] >= 0.97 and read["reason"][1] >= 0.97 and read["option"][1] >= 0.92, read


def test_slips_are_the_same_each_time_and_few() -> None:
    cases = understanding.corpus("sentences")[:50]
    slipped = understanding.with_typos(cases)
    assert slipped == understanding.with_typos(cases) != cases
    assert sum(a["text"] == b["text"] for a, b in zip(cases, slipped, strict=True)) < 30


def test_the_measure_itself_tells_right_from_wrong() -> None:
    cases = [{"text": "a", "action": "x"}, {"text": "b", "action": "y"}, {"text": "c", "action": "z"}]
    lines = {
        "a": {"action": "x", "asks_back": False},
        "b": {"action": "x", "asks_back": True},
        "c": {"action": "x", "asks_back": False},
    }
    found = understanding.sentences(lines.__getitem__, cases)
    assert (round(found.right, 2), round(found.asked_back, 2), found.right_when_acting) == (0.33, 0.33, 0.5)
    assert found.mistaken == (("z", "x", 1),)
