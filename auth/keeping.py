"""What is kept about a person, table by table: one list from which it is counted, exported and ended.

A table that belongs to somebody and is missing from the list would be forgotten when its owner asks for everything or
leaves; ``tests/promises/test_nothing_is_left_out.py`` compares the list with the tables there are.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, delete, func, inspect, select, update
from sqlalchemy.orm import Session

from auth.database import Base
from auth.vault import Vault
from auth.vault.envelope import Sealed

Row = dict[str, Any]


class Ending(StrEnum):
    """What becomes of the rows when their owner leaves: they go, or they stay for the books with nothing personal."""

    DELETE = "delete"
    BLANK = "blank"


def nothing_open(session: Session, account_id: UUID) -> int:
    """For tables that never keep anybody from leaving."""
    return 0


@dataclass(frozen=True, slots=True)
class Keeps:
    """One table. ``what`` is its owner's word for it, empty for what is part of another line.

    ``hidden`` columns are not exported (secrets that sign in or pay); ``blank`` says what columns become when the owner
    leaves and the rows stay, beside every sealed column that may be empty. ``under_way`` counts what must be settled
    before they can leave.
    """

    model: type[Base]
    what: str
    ending: Ending
    owner: str = "account_id"
    hidden: frozenset[str] = frozenset()
    blank: Mapping[str, object] = field(default_factory=lambda: MappingProxyType({}))
    under_way: Callable[[Session, UUID], int] = nothing_open

    @property
    def table(self) -> str:
        return str(self.model.__tablename__)

    def blanking(self, **values: object) -> "Keeps":
        """The same table, with what these columns become when its owner leaves."""
        return replace(self, blank=MappingProxyType(values))

    def count(self, session: Session, account_id: UUID) -> int:
        """How many rows there are of this account."""
        return session.scalar(select(func.count()).select_from(self.model).where(self._theirs(account_id))) or 0

    def export(self, session: Session, vault: Vault, account_id: UUID) -> list[Row]:
        """The account's rows with what is sealed opened. Digests and other bytes say nothing, so they are left out."""
        rows = session.scalars(select(self.model).where(self._theirs(account_id))).unique()
        return [self._written(session, vault, row) for row in rows]

    def end(self, session: Session, account_id: UUID) -> None:
        """Delete or blank the account's rows. What is sealed and can't be empty ends with the account's key."""
        theirs = self._theirs(account_id)
        if self.ending is Ending.DELETE:
            session.execute(delete(self.model).where(theirs).execution_options(synchronize_session=False))
            return
        sealed = {name: None for name, column in self._columns() if isinstance(column.type, Sealed) and column.nullable}
        values: dict[str, Any] = {**sealed, **self.blank}
        if values:
            blanked = update(self.model).where(theirs).values(values)
            session.execute(blanked.execution_options(synchronize_session=False))

    def _theirs(self, account_id: UUID) -> ColumnElement[bool]:
        theirs: ColumnElement[bool] = getattr(self.model, self.owner) == account_id
        return theirs

    def _columns(self) -> list[tuple[str, Any]]:
        return [(a.key, a.columns[0]) for a in inspect(self.model).column_attrs]

    def _written(self, session: Session, vault: Vault, row: Any) -> Row:
        written: Row = {}
        for name, column in self._columns():
            if name in self.hidden or name == self.owner:
                continue
            value = getattr(row, name)
            if isinstance(column.type, Sealed):
                written[name] = vault.open_bytes(session, row, name).decode("utf-8", "replace")
            elif not isinstance(value, bytes):
                written[name] = _plain(value)
        return written


def export_all(session: Session, vault: Vault, account_id: UUID, *, kept: tuple[Keeps, ...]) -> dict[str, list[Row]]:
    """Everything on the list, by the tables' names."""
    return {keeps.table: keeps.export(session, vault, account_id) for keeps in kept}


def end_all(session: Session, account_id: UUID, *, kept: tuple[Keeps, ...]) -> None:
    """End everything on the list, in its order."""
    for keeps in kept:
        keeps.end(session, account_id)


def written_as_json(content: Mapping[str, Any]) -> bytes:
    """An export as a file: indented, in UTF-8."""
    return json.dumps(content, ensure_ascii=False, indent=2).encode("utf-8", "replace")


def _plain(value: object) -> object:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return str(value) if isinstance(value, UUID) else value
