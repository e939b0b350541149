"""Two readings of every table of a shop and what lies between them, with the differences that are in order by name."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from uuid import UUID

from sqlalchemy import Table, select

from auth.database import Base, Scope
from frontend.house import House

Key = tuple[object, ...]
Row = tuple[bytes, UUID | None]  # a digest of the whole row, and whose it is
Books = Mapping[str, Mapping[Key, Row]]

# Tables that belong to nobody and may grow, and why.
OF_THE_HOUSE: Mapping[str, str] = MappingProxyType(
    {
        "audit_entries": "the record of what was tried; it only grows",
        "audit_head": "where the record ends",
        "refusal_counts": "refusals, counted by the minute",
        "shop_days": "what all models have used of the day",
    }
)
# Tables in which rows of the one customer may differ, and why.
OF_THE_CUSTOMER: Mapping[str, str] = MappingProxyType(
    {
        "conversations": "the customer's own conversation",
        "messages": "what was said in it",
        "model_calls": "what the model was shown in it",
        "oauth_delegations": "the assistant's leave for each of its turns",
        "account_days": "what the model has used of the customer's day",
        "approvals": "cards that waited and that the customer declined",
        "submissions": "answers the desk keeps, so that nothing is done twice",
        "grants": "leave for what needs no card",
        "basket_lines": "the basket needs no card",
        "preferences": "the choice of mails needs no card",
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """Of one table: rows added, changed and removed; ``why`` they may be, or ``broken``: what is not in order."""

    table: str
    added: int
    changed: int
    removed: int
    why: str
    broken: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        return self.added + self.changed + self.removed


def read_books(house: House) -> Books:
    """Every row of every table. The sealed columns count as they lie there, so a new sealing is a change."""
    with house.database.read(Scope.house("a drill compares every table")) as session:
        connection = session.connection()
        return {
            table.name: dict(_row(table, tuple(values)) for values in connection.execute(select(table)))
            for table in Base.metadata.sorted_tables
        }


def compare(before: Books, after: Books, *, customer: UUID) -> tuple[Difference, ...]:
    """The tables in which anything differs, with what is not in order about it."""
    found = (_difference(name, before[name], after[name], customer) for name in before)
    return tuple(difference for difference in found if difference.total)


def count_rows(books: Books) -> int:
    return sum(map(len, books.values()))


def _difference(name: str, before: Mapping[Key, Row], after: Mapping[Key, Row], customer: UUID) -> Difference:
    added, removed = after.keys() - before.keys(), before.keys() - after.keys()
    changed = {key for key in before.keys() & after.keys() if before[key][0] != after[key][0]}
    why = OF_THE_HOUSE.get(name) or OF_THE_CUSTOMER.get(name, "")
    whose = {row[1] for key in added | removed | changed for row in (before.get(key), after.get(key)) if row}
    return Difference(
        name, len(added), len(changed), len(removed), why, tuple(_wrong(name, len(changed | removed), whose, customer))
    )


def _wrong(name: str, touched: int, whose: set[UUID | None], customer: UUID) -> Iterator[str]:
    if name in OF_THE_HOUSE:
        if name == "audit_entries" and touched:
            yield f"{touched} entries of the record were changed or removed"
    elif name not in OF_THE_CUSTOMER:
        yield f"{name} differs, and nothing in it may"
    elif whose - {customer}:
        yield f"{name}: rows of {len(whose - {customer})} other accounts differ"


def _row(table: Table, values: tuple[object, ...]) -> tuple[Key, Row]:
    named = dict(zip(table.columns.keys(), values, strict=True))
    owner = named["id"] if table.name == "accounts" else named.get("account_id")
    key = tuple(named[column.key] for column in table.primary_key)
    return key, (
        hashlib.blake2b(repr(values).encode(), digest_size=16).digest(),
        owner if isinstance(owner, UUID) else None,
    )
