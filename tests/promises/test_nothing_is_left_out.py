"""What belongs to somebody is on the one list from which their data is counted, handed out and made unreadable."""

from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary, inspect, select

from auth.accounts import Account
from auth.database import Base, Belongs, Scope
from auth.keeping import Ending, Keeps, end_all, export_all
from auth.sign_in.overview import KEEPS as SIGN_IN
from auth.vault import DataKey, Shredded, VaultError
from auth.vault.envelope import Sealed
from shop.keeping import KEEPS
from shop.reviews import Review
from shop.switches import AssistantSwitch
from tests.building import Building

KEPT: tuple[Keeps, ...] = (*KEEPS, *SIGN_IN)
# Not on the list, and why.
LEFT_OUT = {DataKey: "the key itself: it is never handed out, and destroyed instead of blanked"}
# Columns that sign in or pay for whoever has them; everything else in the clear is handed out.
SECRETS = {"password_hash", "secret", "token", "payment_token"}
# What belongs to the books, and the keys of clerks: nothing about the person, and names of other people's rows.
BOOKKEEPING = {"grant_id", "settle_grant_id", "request", "reference", "charge_reference", "reviewed_by", "clerk_id"}
BOOKKEEPING |= {"stopped_by", "let_on_by"}
# Bytes of a key, which say nothing: when it was added and its name are handed out.
BOOKKEEPING |= {"credential", "public_key"}


def test_every_table_that_belongs_to_somebody_is_on_the_list_once() -> None:
    owned = {mapper.class_ for mapper in Base.registry.mappers if issubclass(mapper.class_, Belongs)}
    listed = [keeps.model for keeps in KEPT]
    assert len(owned) > 18 and len(listed) == len(set(listed))
    assert owned - set(LEFT_OUT) == set(listed) - {Review, AssistantSwitch}


def test_every_table_that_names_an_account_is_on_the_list() -> None:
    """Also those that are no owned tables, as reviews: whoever refers to an account, or names one, is asked for."""
    naming = {
        mapper.class_
        for mapper in Base.registry.mappers
        for column in mapper.columns
        if any(key.column.table.name == "accounts" for key in column.foreign_keys)
    }
    assert naming - {keeps.model for keeps in KEPT} == set(LEFT_OUT)


def test_only_secrets_and_digests_are_not_handed_out() -> None:
    for keeps in KEPT:
        columns = inspect(keeps.model).column_attrs
        assert keeps.hidden <= {c.key for c in columns}, keeps.table
        assert keeps.hidden <= SECRETS | BOOKKEEPING, keeps.table
        secret = {c.key for c in columns} & SECRETS
        assert secret <= keeps.hidden, keeps.table


def test_what_stays_in_the_books_has_no_sealed_word_left(building: Building) -> None:
    """Sealed columns are emptied; those that can't be are opened by nobody once the key is gone."""
    ada, house = building.person("ada"), building.house
    with house.database.begin(Scope.own(ada.id)) as session:
        end_all(session, ada.id, kept=house.kept)
        house.vault.shred(session, ada.id)
    with house.database.read(Scope.own(ada.id)) as session:
        for keeps in house.kept:
            rows = (
                session.scalars(select(keeps.model).where(getattr(keeps.model, keeps.owner) == ada.id)).unique().all()
            )
            assert not rows or keeps.ending is Ending.BLANK, keeps.table
            for row in rows:
                _has_no_word(building, session, row)
    assert set(_left(building, ada.id)) >= {"accounts", "orders", "order_lines"}


def test_somebody_elses_rows_are_neither_counted_nor_handed_out_nor_ended(building: Building) -> None:
    ada, ben, house = building.person("ada"), building.person("ben"), building.house
    before = _left(building, ben.id)
    with house.database.begin(Scope.own(ada.id)) as session:
        assert all(k.count(session, ben.id) == 0 for k in house.kept if k.model is not Review)
        tables = export_all(session, house.vault, ben.id, kept=house.kept)
        assert {name for name, rows in tables.items() if rows} == set()
        end_all(session, ada.id, kept=house.kept)
    assert _left(building, ben.id) == before and before["orders"] == 7


@pytest.mark.parametrize("keeps", KEPT, ids=lambda keeps: keeps.table)
def test_a_table_that_is_emptied_says_so_of_each_thing_in_the_clear(keeps: Keeps) -> None:
    """Bytes in rows that stay are sealed, or blanked by name: a digest of somebody's address must not stay."""
    if keeps.ending is Ending.DELETE:
        assert not keeps.blank
        return
    raw = {
        c.key
        for c in inspect(keeps.model).column_attrs
        if isinstance(c.columns[0].type, LargeBinary) and not isinstance(c.columns[0].type, Sealed)
    }
    assert raw - set(keeps.blank) <= {"salt", "digest"}, keeps.table
    assert set(keeps.blank) <= {c.key for c in inspect(keeps.model).column_attrs}


def _has_no_word(building: Building, session: object, row: Base) -> None:
    for attribute in inspect(type(row)).column_attrs:
        if isinstance(attribute.columns[0].type, Sealed):
            try:
                assert building.house.vault.open(session, row, attribute.key) == ""  # type: ignore[arg-type]
            except VaultError as error:
                assert isinstance(error, Shredded)


def _left(building: Building, account_id: UUID) -> dict[str, int]:
    with building.house.database.read(Scope.own(account_id)) as session:
        counted = {k.table: k.count(session, account_id) for k in building.house.kept}
        assert session.get(Account, account_id) is not None
    return {table: count for table, count in counted.items() if count}


def test_the_shops_own_folder_is_where_the_list_is_made() -> None:
    text = (Path(__file__).parents[2] / "docs" / "add-a-command.md").read_text("utf-8")
    assert "shop/keeping.py" in text, "who adds a table is told where its line goes"
