"""Appending: in one order, linked, with the change or not at all."""

import json
import threading
from datetime import UTC, datetime, timedelta, timezone
from hashlib import sha256
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.audit import AuditEntry, Event, commitment
from auth.audit.entry import Columns, canonical_json
from auth.audit.tree import root
from tests.auth.audit.conftest import HOUSE, House, tail_of


def test_entries_stand_in_order_and_steps_of_a_command_are_linked(house: House) -> None:
    first = house.append(house.event(0, command=1), house.event(1, command=2), house.event(2, command=1))
    second = house.append(house.event(3, command=2), house.event(4), house.event(5, command=3))
    assert [entry.seq for entry in first + second] == [0, 1, 2, 3, 4, 5]
    assert [entry.facts().get("prev", "none") for entry in first + second] == [None, None, 0, 1, "none", None]


def test_the_leaf_is_the_canonical_json_of_every_column(house: House) -> None:
    (entry,) = house.append(house.event(7, command=9))
    leaf = json.dumps(
        {
            "account_id": str(UUID(int=1)),
            "at": "2026-11-22T12:00:00.000007+00:00",
            "body": '{"allowed":true,"amount_minor":1990,"order":"HP-7","policies":["refund.own"],"prev":null}',
            "channel": "chat",
            "command_id": str(UUID(int=9)),
            "kind": "command.decided",
            "seq": 0,
        },
        separators=(",", ":"),
    )
    assert entry.leaf_hash == sha256(b"\x00" + leaf.encode()).digest()


def test_the_head_follows_the_entries(house: House) -> None:
    house.fill(13)
    entries = house.entries()
    with house.database.read(HOUSE) as session:
        head = house.log.head(session)
    assert (head.size, head.root()) == (13, root(entry.leaf_hash for entry in entries))


def test_nothing_to_record_is_nothing(house: House) -> None:
    assert house.append() == []
    assert house.size() == 0


def test_a_rollback_takes_the_entries_with_it(house: House) -> None:
    house.fill(2)
    with pytest.raises(RuntimeError), house.database.begin(HOUSE) as session:
        house.log.append(session, [house.event()])
        raise RuntimeError("the handler failed")
    house.fill(1)
    assert house.size() == 3
    assert house.verify().ok


def test_two_writers_lose_nothing(house: House) -> None:
    """Each thread appends to the same command: every link must lead to the entry just before."""

    def write() -> None:
        for number in range(40):
            house.append(house.event(number, command=5))

    threads = [threading.Thread(target=write) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = house.entries()
    assert [entry.seq for entry in entries] == list(range(80))
    assert [entry.facts()["prev"] for entry in entries] == [None, *range(79)]
    assert house.verify().ok


def test_reading_by_account_command_and_page(house: House) -> None:
    house.append(*(house.event(number, command=number % 2, account=number % 3) for number in range(12)))
    with house.database.read(HOUSE) as session:
        read = house.log.entries
        assert [e.seq for e in read(session, account_id=UUID(int=1))] == [1, 4, 7, 10]
        assert [e.seq for e in read(session, account_id=UUID(int=1), newest_first=True, limit=2)] == [10, 7]
        assert [e.seq for e in read(session, account_id=UUID(int=1), newest_first=True, after=7)] == [4, 1]
        assert [e.seq for e in read(session, command_id=UUID(int=1), after=5)] == [7, 9, 11]
        assert tail_of(session) == 12


def test_a_stored_entry_reads_back_as_it_was_told(house: House) -> None:
    (told,) = house.append(house.event(3, command=4))
    (read,) = house.entries()
    for column in AuditEntry.__table__.columns:
        assert getattr(read, column.name) == getattr(told, column.name)


def test_an_entry_is_proved_against_a_root(house: House) -> None:
    house.fill(20)
    with house.database.read(HOUSE) as session:
        proof = house.log.prove(session, 6, 20)
        old = house.log.prove(session, 6, 13)
        head = house.log.head(session)
        assert proof.verifies(head.root())
        assert not old.verifies(head.root())
        for seq, size in ((20, 20), (3, 21), (-1, 20)):
            with pytest.raises(IndexError):
                house.log.prove(session, seq, size)


@pytest.mark.parametrize(
    "body",
    [{"amount": 19.9}, {"deep": [{"x": float("nan")}]}, {"when": datetime.now(UTC)}, {1: "x"}, {"prev": 3}, {"b": b""}],
)
def test_what_has_no_exact_json_form_is_refused(body: dict[str, object]) -> None:
    with pytest.raises(ValueError):
        Event("k", datetime.now(UTC), None, None, "chat", body)  # type: ignore[arg-type]


def test_endless_nesting_is_refused() -> None:
    body: dict[str, object] = {}
    for _ in range(2000):
        body = {"b": body}
    with pytest.raises(ValueError, match="deeper"):
        Event("k", datetime.now(UTC), None, None, "chat", body)  # type: ignore[arg-type]


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="time zone"):
        Event("k", datetime(2026, 1, 1), None, None, "chat", {})  # noqa: DTZ001


def test_the_body_is_copied_when_the_event_is_told() -> None:
    mine = {"list": [1]}
    event = Event("k", datetime.now(UTC), None, None, "chat", mine)
    mine["list"].append(2)
    assert event.body == {"list": [1]}


def test_hostile_text_is_recorded_and_not_a_reason_to_fail(house: House) -> None:
    hostile = 'x\x00\ud800\u202e"\\\u200b<script>\U0001f600'
    event = Event("command.refused", house.clock.now, None, None, "chat", {"order": hostile})
    house.append(event)
    assert house.verify().ok


def test_another_time_zone_gives_the_same_leaf() -> None:
    utc = datetime(2026, 11, 22, 12, tzinfo=UTC)
    east = utc.astimezone(timezone(timedelta(hours=9)))
    one, other = (Columns(at, "k", None, None, "page", "{}") for at in (utc, east))
    assert one.leaf_hash(3) == other.leaf_hash(3) != one.leaf_hash(4)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text().filter(lambda key: key != "prev"), json_values, max_size=4))
def test_canonical_json_reads_back_and_does_not_depend_on_order(body: dict[str, object]) -> None:
    event = Event("k", datetime.now(UTC), None, None, "chat", body)  # type: ignore[arg-type]
    text = canonical_json(event.body)
    turned = dict(reversed(list(event.body.items())))
    assert json.loads(text) == body
    assert canonical_json(turned) == text


def test_a_commitment_binds_to_value_and_salt() -> None:
    salt = bytes(range(16))
    made = commitment("noor@example.com", salt)
    assert made == commitment("noor@example.com", salt)
    assert made.startswith("hmac-sha256:") and len(made) == 12 + 64
    assert made != commitment("noor@example.org", salt)
    assert made != commitment("noor@example.com", salt[::-1])
    with pytest.raises(ValueError, match="salt"):
        commitment("noor@example.com", b"short")
