"""A share of the dialogues goes right in every run, and the judge of them can tell when one does not."""

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest

from tests.evaluation.dialogues import Play, play_all, scripts
from tests.evaluation.stage import Stage

EVERY = 14  # one in so many is played here; `make evaluate` plays them all
FLOOR = 0.6  # of these; what holds of all of them stands in docs/evaluation.md


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("dialogues"))
    yield stage
    stage.close()


def test_most_dialogues_leave_the_right_records_and_state_the_right_facts(stage: Stage) -> None:
    verdicts = play_all(stage, scripts()[::EVERY])
    wrong = [(verdict.id, verdict.records, verdict.facts) for verdict in verdicts if not verdict.is_right]
    assert len(wrong) <= (1 - FLOOR) * len(verdicts), wrong


def a_cancellation() -> dict[str, Any]:
    """A dialogue of one message, one signature and one cancelled order."""
    order = {"ref": "A", "status": "paid", "days": 0, "items": [["Harbour Stoneware Mug", "Fog", 1]]}
    turns = [
        {"says": "please cancel order {A}", "expect": {"card": "cancel_order", "order": "A"}},
        {"press": "sign", "expect": {"done": "cancel_order"}},
    ]
    leaves = {"orders": {"A": "cancelled"}, "cards_waiting": 0}
    return {"id": "judge", "tags": [], "who": "customer", "orders": [order], "turns": turns, "leaves": leaves}


def test_the_judge_agrees_with_what_is_right(stage: Stage) -> None:
    verdict = Play(stage, a_cancellation() | {"states": ["card", "{A}"]}).through()
    assert verdict.is_right and verdict.turns == (2, 2)


def test_the_judge_notices_a_wrong_record(stage: Stage) -> None:
    script = deepcopy(a_cancellation())
    script["leaves"] = {"cards_waiting": 0}
    assert Play(stage, script).through().records
    script["leaves"] = {"orders": {"A": "cancelled"}, "cards_waiting": 1}
    assert Play(stage, script).through().records


def test_the_judge_notices_an_untold_and_a_forbidden_fact(stage: Stage) -> None:
    assert Play(stage, a_cancellation() | {"states": ["a purple elephant"]}).through().facts
    assert Play(stage, a_cancellation() | {"never": ["cancel"]}).through().facts
