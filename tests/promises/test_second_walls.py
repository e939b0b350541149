"""Where two walls stand, the one behind hides that the one in front has gone. Here each is tested by itself."""

import shutil
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest
from limits.storage import MemoryStorage
from sqlalchemy import text, update
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError

from auth.actor import Act, Actor, Channel, Role
from auth.database import Base, Owned, Scope
from auth.guard import approvals, grants
from auth.guard.approvals import Approval
from auth.guard.cases import Bench
from auth.guard.commands import Effect, NotACommand, parse
from auth.guard.decisions import AwaitingApproval, Denied, Done, Refused
from auth.guard.desk import Desk
from auth.guard.grants import GrantRow
from auth.guard.judge import Entity, Judge, PolicyRefused, Question, Stamps, principal_of
from auth.guard.limits import Ceilings, CommandLimits
from auth.guard.rooms import RoomTable
from auth.sign_in import one_time
from auth.sign_in.one_time import Purpose
from auth.vault.envelope import Sealed, SealedBytes, place
from shop.catalogue import take_stock
from shop.commands import RefundOrder, SearchProducts
from tests.building import Building
from tests.small_house import POLICY

# ruff: noqa: S608 - the names in these statements are those of the models

OVERFLOWS = """
@id("test.overflows") @says("This cannot be worked out.")
forbid (principal, action == Action::"RefundOrder", resource)
when { context has amount_minor && context.amount_minor * 9223372036854775807 < 0 };
"""


def park(building: Building, *, order: str = "ada.mug") -> UUID:
    command = RefundOrder(building.orders[order], "it broke")
    outcome = building.desk.submit(building.person("ada").through_chat(), command, request_id=f"park {order}")
    assert isinstance(outcome, AwaitingApproval)
    return outcome.approval_id


# The judge and the table of rooms


def test_a_policy_that_errors_counts_as_no(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(POLICY, tmp_path / "policy"))
    owner = UUID(int=1)
    asker = Actor(owner, Role.CUSTOMER, Channel.PAGE)
    record: dict[str, str | int | bool | Entity | None] = {
        "owner": str(owner),
        "status": "delivered",
        "refundable_minor": 9000,
        "days_since_delivery": 3,
    }
    context = {"amount_minor": 1990, "refunded_30d_minor": 0}
    principal = principal_of(asker, status="active")
    question = Question("RefundOrder", asker, principal, Entity("Order", "HP-0000-0000", record), context)
    assert not isinstance(Judge(folder).decide(question, Stamps(confirmed=True)), Denied), "the control"
    (folder / "zz_overflow.cedar").write_text(OVERFLOWS)
    decision = Judge(folder).decide(question, Stamps(confirmed=True))
    assert isinstance(decision, Denied) and decision.reasons[0].policy == "judge-failed"


def test_a_room_that_calls_itself_harmless_keeps_the_house_closed(building: Building) -> None:
    judge, table = building.desk.judge, list(building.house.rooms)
    RoomTable(table, judge)
    for room in table:
        for effect in set(Effect) - {room.effect}:
            changed = [replace(r, effect=effect) if r is room else r for r in table]
            with pytest.raises(PolicyRefused, match="in its room and"):
                RoomTable(changed, judge)
        with pytest.raises(PolicyRefused, match="no room carries out"):
            RoomTable([r for r in table if r is not room], judge)
        if room.effect is Effect.WRITE:
            for part in ("card", "verify"):
                with pytest.raises(PolicyRefused, match="needs a card and a verification"):
                    RoomTable([replace(r, **{part: None}) if r is room else r for r in table], judge)


# The desk


def test_a_clerk_neither_signs_nor_declines_for_a_customer(building: Building) -> None:
    """A clerk at work sees the house; a card is not theirs all the same, through whichever door they come."""
    card, cleo = park(building), building.person("cleo")
    before = building.gateway.ledger()
    for clerk in (cleo.at_work(building.clock), cleo.at_page(building.clock, second_factor_age_s=1)):
        for answer in (building.desk.approve(clerk, card), building.desk.decline(clerk, card)):
            assert isinstance(answer, Refused) and answer.kind == "not_found"
    assert building.gateway.ledger() == before
    signed = building.desk.approve(building.person("ada").at_page(building.clock), card)
    assert isinstance(signed, Done)


def test_the_desk_counts_what_an_account_asks_for(building: Building) -> None:
    house = building.house
    limits = CommandLimits(MemoryStorage(), Ceilings("3/minute", "3/minute", "2/minute", "1/minute"))
    desk = Desk(Bench(house.database, house.vault, building.desk.judge, house.rooms, limits, building.clock))
    ada, ben = building.person("ada").at_page(building.clock), building.person("ben").at_page(building.clock)
    answers = [desk.submit(ada, SearchProducts("mug"), request_id=f"{n}") for n in range(5)]
    assert [isinstance(answer, Done) for answer in answers] == [True, True, True, False, False]
    last = answers[-1]
    assert isinstance(last, Refused) and last.kind == "limit" and last.retry_after_s > 0
    assert isinstance(desk.submit(ben, SearchProducts("mug"), request_id="b"), Done), "everybody has their own"
    chat = building.person("ada").through_chat()
    parked = [
        desk.submit(chat, RefundOrder(building.orders[f"ada.{key}"], "it broke"), request_id=key)
        for key in ("mug", "lamp")
    ]
    assert [type(outcome) for outcome in parked] == [AwaitingApproval, Refused], "the assistant's own ceiling is lower"


def test_a_card_is_changed_only_from_the_state_that_was_read(building: Building) -> None:
    key, ada = park(building), building.person("ada")
    with building.house.database.begin(Scope.own(ada.id)) as session:
        card = session.get_one(Approval, key)
        # Another tab was first; this session has read the card before.
        session.execute(
            update(Approval)
            .where(Approval.id == key)
            .values(state=approvals.DECLINED)
            .execution_options(synchronize_session=False)
        )
        assert card.state == approvals.OPEN
        assert not approvals.change_state(session, card, after=approvals.SPENT)
        session.refresh(card)
        assert card.state == approvals.DECLINED


def test_a_grant_is_spent_once(building: Building) -> None:
    ada = building.person("ada")
    assert isinstance(building.desk.approve(ada.at_page(building.clock), park(building)), Done)
    with building.house.database.begin(Scope.own(ada.id)) as session:
        (row,) = session.query(GrantRow).all()
        assert row.state == grants.SPENT
        for before in (grants.MINTED, grants.CLAIMED, grants.VOID):
            assert not grants.change_state(session, row.id, before=before, after=grants.CLAIMED)
        session.refresh(row)
        assert row.state == grants.SPENT


@pytest.mark.parametrize("hidden", ["\u200b", "\u202e", "\u2066", "\ufeff", "\x00", "\x1b", "\u00ad", "\ue000"])
def test_no_argument_holds_what_cannot_be_seen(hidden: str) -> None:
    made = parse(RefundOrder, {"order": f"HP-{hidden}0000-0000", "reason": f" a{hidden}b "})
    assert (made.order, made.reason) == ("HP-0000-0000", "ab")
    with pytest.raises(NotACommand, match="empty"):
        parse(RefundOrder, {"order": "HP-0000-0000", "reason": hidden})


# Enough for the chat and for a program: what is shown here is the need for a signature.
BOTH = frozenset({"assistant", "orders:write"})


def test_asking_through_the_assistant_is_said_by_the_door_and_not_by_the_person(building: Building) -> None:
    """With an act on it a request is the assistant's, whatever channel it names."""
    ada = building.person("ada").at_page(building.clock, second_factor_age_s=1)
    command = RefundOrder(building.orders["ada.mug"], "it broke")
    for n, door in enumerate((Channel.PAGE, Channel.CHAT, Channel.API, Channel.MCP)):
        actor = replace(ada.through(door, act=Act("assistant", "x")), scopes=None if n == 0 else BOTH)
        asked = building.desk.submit(actor, command, request_id=f"door {n}")
        assert isinstance(asked, AwaitingApproval), door
        building.desk.decline(ada, asked.approval_id)


# Stock, tokens, sealed values


def test_stock_is_taken_only_while_there_is_some(building: Building) -> None:
    with building.house.database.begin(Scope.house("a test buys")) as session:
        take_stock(session, "tent-moss", 2)
        with pytest.raises(LookupError, match="not in stock"):
            take_stock(session, "tent-moss", 1)


def test_a_used_token_is_neither_found_nor_used_again(building: Building) -> None:
    ada, now = building.person("ada"), building.clock()
    with building.house.database.begin(Scope.own(ada.id)) as session:
        token, row = one_time.issue(session, ada.id, purpose=Purpose.RESET, now=now)
        assert one_time.find_token(session, token, purpose=Purpose.RESET, now=now) is row
        assert one_time.find_token(session, token, purpose=Purpose.TICKET, now=now) is None
        assert one_time.use_up(session, row, now=now)
        assert not one_time.use_up(session, row, now=now)
        assert one_time.find_token(session, token, purpose=Purpose.RESET, now=now) is None


def test_a_sealed_column_takes_what_the_vault_has_sealed_and_nothing_that_looks_like_it() -> None:
    dialect, looks_sealed = sqlite.dialect(), b"\x01" + b"Bartholomew Lanternkeep, 41 Thistledownwharf"
    assert Sealed().process_bind_param(SealedBytes(looks_sealed), dialect) == looks_sealed, "the control"
    with pytest.raises(TypeError, match="takes sealed values only") as refused:
        Sealed().process_bind_param(looks_sealed, dialect)
    assert "Bartholomew" not in str(refused.value)


def test_the_place_of_a_value_names_its_account() -> None:
    row, ada, ben = UUID(int=7), UUID(int=1), UUID(int=2)
    places = {
        place("orders", "street", row, ada),
        place("orders", "street", row, ben),
        place("orders", "city", row, ada),
        place("addresses", "street", row, ada),
        place("orders", "street", UUID(int=8), ada),
        place("order", "sstreet", row, ada),
    }
    assert len(places) == 6


# The database itself (PostgreSQL)


def test_the_database_itself_keeps_rows_apart(building: Building) -> None:
    """Row-level security, asked past the row guard, as the role that serves the shop."""
    if not building.house.database.is_postgres:
        pytest.skip("row-level security is PostgreSQL's; the other lane runs this")
    ada, ben = building.person("ada"), building.person("ben")
    with building.house.database.engine.connect() as connection:
        role = text("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
        assert connection.execute(role).scalar_one() is False, "asked as a superuser this would prove nothing"
        owner = text("SELECT count(*) FROM pg_tables WHERE schemaname = 'public' AND tableowner = current_user")
        assert connection.execute(owner).scalar_one() == 0, "asked as the owner this would prove nothing"
    owned = sorted(_owned_tables())
    with building.house.database.engine.connect() as connection:
        walled = text("SELECT relname FROM pg_class WHERE relrowsecurity AND relforcerowsecurity")
        assert set(owned) <= set(connection.execute(walled).scalars())

    def as_account(account: str, statement: str) -> list[object]:
        with building.house.database.engine.begin() as connection:
            connection.execute(text("SELECT set_config('countersign.account', :a, true)"), {"a": account})
            return [*connection.execute(text(statement)).scalars()]

    for table in owned:
        seen = as_account(str(ada.id), f"SELECT DISTINCT account_id FROM {table}")
        assert {str(account) for account in seen} <= {str(ada.id)}, table
        assert as_account("", f"SELECT account_id FROM {table}") == [], table
    theirs = f"WHERE account_id = '{ben.id}'"
    assert as_account(str(ben.id), f"SELECT count(*) FROM orders {theirs}") == [7], "the control"
    assert as_account(str(ada.id), f"UPDATE orders SET status = 'cancelled' {theirs} RETURNING number") == []
    assert as_account(str(ada.id), f"DELETE FROM addresses {theirs} RETURNING id") == []
    with pytest.raises(DBAPIError, match="row-level security"):
        as_account(str(ada.id), f"UPDATE addresses SET account_id = '{ben.id}' RETURNING id")


def test_no_owned_table_was_forgotten() -> None:
    """Each table with an account_id belongs to somebody in its model too, so both walls cover it."""
    unguarded = {"audit_entries"}  # the log is everybody's record; a page of it is asked for by account
    found = {t.name for t in Base.metadata.sorted_tables if "account_id" in t.columns}
    assert found - _owned_tables() == unguarded


def _owned_tables() -> set[str]:
    return {str(m.local_table) for m in Base.registry.mappers if issubclass(m.class_, Owned)}
