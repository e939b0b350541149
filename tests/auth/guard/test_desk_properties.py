"""The desk against a model that may ask for anything, as often as it likes, in Ada's name and through any of its doors.

Whatever it asks: Ben's records are neither read nor changed, and no money moves without a card that Ada has signed.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth.actor import Act, Actor, Channel
from auth.guard.commands import NotACommand, action, parse
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from tests.promises.hostile import (
    EXAMPLES,
    Two,
    bens_rows,
    known_by_heart,
    leaked,
    money,
    move_two_in,
    unsigned_changes,
)
from tests.small_house import build_small_house

QUICK = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow, HealthCheck.data_too_large],
)
OUTCOMES = (Done, Refused, AwaitingApproval, Pending)
DOORS = (Channel.CHAT, Channel.CHAT, Channel.API, Channel.MCP, Channel.STAFF, Channel.HOUSE)


@pytest.fixture
def two(database_url: str, tmp_path: Path) -> Iterator[Two]:
    small = build_small_house(database_url, tmp_path)
    yield move_two_in(small)
    small.database.close()


def ask(two: Two, data: st.DataObject, actor: Actor) -> Outcome | None:
    """One request for any command with any arguments; ``None`` where the arguments make no command."""
    rooms = sorted(two.small.desk._bench.rooms, key=lambda room: action(room.command))
    kind = data.draw(st.sampled_from(rooms)).command
    arguments = {name: data.draw(known_by_heart(two), name) for name in kind.__dataclass_fields__ if name != "version"}
    try:
        return two.small.submit(actor, parse(kind, arguments), data.draw(st.sampled_from(["", "again", "twice"])))
    except NotACommand as refused:
        assert refused.sentence and len(refused.sentence) < 300
        return None


def text_of(outcome: Outcome | None) -> str:
    view: Any = getattr(outcome, "view", None)
    shown = asdict(view) if hasattr(view, "__dataclass_fields__") else view
    return f"{outcome} {json.dumps(shown, default=str, ensure_ascii=False)}"


@QUICK
@given(data=st.data())
def test_a_hostile_model_at_the_desk_reads_nothing_of_bens_and_moves_no_money(two: Two, data: st.DataObject) -> None:
    bens, before, said = bens_rows(two), money(two), list[str]()
    for _ in range(data.draw(st.integers(1, 6))):
        door = data.draw(st.sampled_from(DOORS))
        asker = two.ada.through(door, act=Act("assistant", "hostile"), tainted=data.draw(st.booleans()))
        match data.draw(st.sampled_from(["ask", "ask", "ask", "approve", "decline", "review"])):
            case "ask":
                outcome = ask(two, data, asker)
            case "approve":
                outcome = two.small.desk.approve(asker, data.draw(st.sampled_from(two.cards)))
                assert isinstance(outcome, Refused)
            case "decline":
                # To decline is to do nothing, so it costs nobody anything; Ben's card is not hers to decline.
                outcome = two.small.desk.decline(asker, two.cards[-1])
                assert isinstance(outcome, Refused)
            case _:
                outcome = two.small.desk.review(asker, data.draw(st.sampled_from(two.cards)), agree=True, note="ok")
                assert isinstance(outcome, Refused)
        assert outcome is None or isinstance(outcome, OUTCOMES)
        said.append(text_of(outcome))
    assert leaked(two, said) == []
    assert bens_rows(two) == bens
    assert money(two) == before
    assert unsigned_changes(two) == []


@settings(QUICK, max_examples=EXAMPLES // 2)
@given(data=st.data())
def test_money_moves_once_for_each_card_that_ada_signs_and_for_nothing_else(two: Two, data: st.DataObject) -> None:
    bens = bens_rows(two)
    chat = two.chat(tainted=data.draw(st.booleans()))
    fresh = [two.small.order(two.ada, ("HM-PINE", 2), status=status) for status in ("delivered", "paid")]
    orders = st.sampled_from([*fresh, *fresh, *(target for target in two.targets if target.startswith("HP-"))])
    for _ in range(data.draw(st.integers(1, 5))):
        kind = data.draw(st.sampled_from(["RefundOrder", "CancelOrder", "ChangeOrderAddress", "RemoveAddress"]))
        arguments = {"order": data.draw(orders), "reason": "it broke", "address": "address:office"}
        room = two.small.desk._bench.rooms.named(kind)
        assert room is not None
        known = {name: value for name, value in arguments.items() if name in room.command.__dataclass_fields__}
        before = money(two)
        outcome = two.small.submit(chat, parse(room.command, known))
        assert money(two) == before, "asking has moved something"
        if not isinstance(outcome, AwaitingApproval):
            continue
        for click in data.draw(st.lists(st.sampled_from(["chat", "ben", "ada", "ada"]), max_size=4)):
            before = money(two)
            signed = two.small.desk.approve(_signer(two, click), outcome.approval_id)
            if click != "ada":
                assert isinstance(signed, Refused) and money(two) == before, click
        two.small.desk.decline(two.ada, outcome.approval_id)
    assert bens_rows(two) == bens
    assert unsigned_changes(two) == []
    _books_balance(two)


def _signer(two: Two, who: str) -> Actor:
    match who:
        case "chat":
            return replace(two.chat(), second_factor_at=two.small.clock())
        case "ben":
            return two.small.with_code(two.ben)
    return two.small.with_code(two.ada)


def _books_balance(two: Two) -> None:
    """Each refund in the gateway's books has its own grant, and no charge went back further than it was."""
    ledger = two.small.gateway.ledger()
    refunds = [movement for movement in ledger if movement.kind == "refund"]
    assert len({movement.key for movement in refunds}) == len(refunds)
    assert all(UUID(movement.key) for movement in refunds)
    for charge in (movement for movement in ledger if movement.kind == "charge"):
        back = sum(movement.amount.minor for movement in refunds if movement.charge == charge.reference)
        assert 0 <= back <= charge.amount.minor


def test_the_comparison_would_notice(two: Two) -> None:
    bens, before = bens_rows(two), money(two)
    assert leaked(two, [f"to {two.bens_orders[0]}"]) and leaked(two, ["Peregrine QUILLFEATHER"])
    assert sum(len(rows) for rows in bens.values()) > 20
    two.small.desk.approve(two.small.with_code(two.ben), two.cards[3])
    assert bens_rows(two) != bens and money(two) != before
    assert unsigned_changes(two) == []
