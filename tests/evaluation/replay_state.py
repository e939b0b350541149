"""The whole shop as a table of names and values, and the difference between two of them: what nobody named shows too.

Every table that is not the guard's own bookkeeping is read, every column that says something is compared, and sealed
ones are opened. Rows get names a person can read (``order1``, ``order1 line 2``, ``HM-PINE``, ``address Home``).
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import inspect, literal_column, select
from sqlalchemy.orm import Session

from auth.accounts import Account
from auth.audit import AuditEntry
from auth.database import Base, Scope
from auth.vault import Shredded
from auth.vault.envelope import Sealed
from shop.catalogue import Product, Variant
from shop.orders import OrderLine
from tests.evaluation.replay_house import Scene
from tests.small_house import NOON

State = Mapping[str, Mapping[str, Any]]

# The guard's own books; that they are right is tested beside the guard.
BOOKS: Mapping[str, str] = MappingProxyType(
    {
        "audit_entries": "every refusal is written down",
        "audit_head": "the head of the same log",
        "approvals": "cards that wait are told by the outcome of their call",
        "grants": "proof that the desk decided; what it was for shows in the tables of the shop",
        "submissions": "the first answer to each request",
        "refusal_counts": "refusals of the same kind are counted",
        "sign_in_attempts": "nobody signs in during a case",
    }
)
# Columns that name a row or point to another; the row's own name holds them.
KEYS = frozenset({"id", "account_id", "order_id", "product_id", "conversation_id", "message_id", "author_id", "number"})
KEYS |= {"grant_id", "settle_grant_id", "email_tag", "token_hash", "kek_id", "art_seed"}
# What a new row holds where nothing was decided about it.
PLAIN: tuple[object, ...] = (None, "", 0, False, "now", "EUR", "[]")
_LABELS = ("Home", "Office")
_ADDRESS = ("label", "recipient", "street", "postcode", "city", "country")
_AS_BOUGHT = ("product", "name", "option", "colour", "kind")


def tables() -> dict[str, Any]:
    """Every table of the house by name, but for the books."""
    found = {str(mapper.class_.__tablename__): mapper.class_ for mapper in Base.registry.mappers}
    return {name: model for name, model in sorted(found.items()) if name not in BOOKS}


def read_state(scene: Scene) -> State:
    """The shop as it is now, by names and columns; the money under ``money``, in the order it moved."""
    reading = _Reading(scene)
    with scene.small.database.read(Scope.house("a replay compares")) as session:
        return reading.all_of_it(session)


def changes(before: State, after: State) -> dict[str, Any]:
    """What is different: a row's changed columns, all that a new row says, ``gone`` for one that is no longer there."""
    found: dict[str, Any] = {}
    for name in sorted({*before, *after}):
        if name not in after:
            found[name] = "gone"
        elif name not in before:
            found[name] = _new(after[name])
        elif changed := {c: v for c, v in after[name].items() if before[name].get(c) != v}:
            found[name] = changed
    return _with_money_as_a_list(found)


def policies_met(scene: Scene) -> frozenset[str]:
    """The policies that the audit log names, over the whole case."""
    with scene.small.database.read(Scope.house("a replay reads the log")) as session:
        bodies: list[dict[str, Any]] = [dict(entry.facts()) for entry in session.scalars(select(AuditEntry))]
    return frozenset(str(p) for body in bodies for p in (*body.get("policies", ()), body.get("policy", "")) if p)


class _Reading:
    """One look at everything, with the names of the rows worked out on the way."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.orders: dict[UUID, str] = {}
        self._counts: dict[str, int] = {}
        self.aliases = {number: alias for alias, number in scene.names.items()}
        self._tokens: dict[str, str] = {}
        self._others = {actor.account_id: name for name, actor in scene.others.items()}
        self._moves = {move.reference: move for move in scene.small.gateway.ledger()}

    def all_of_it(self, session: Session) -> State:
        found: dict[str, Mapping[str, Any]] = {}
        kinds = tables()
        # Cards and orders come first: other rows are called after them.
        for table in dict.fromkeys(("payment_methods", "orders", *kinds)):
            rows = session.scalars(select(kinds[table]).order_by(literal_column(f"{table}.rowid"))).unique()
            for row in rows:
                name = self._owner(row) + _name(self, session, row)
                if name in found:
                    raise RuntimeError(f"two rows are called {name}, so one of them would not be compared")
                found[name] = self._values(session, row)
        for n, move in enumerate(self._scene.small.gateway.ledger()):
            found[f"money {n:03}"] = {"moved": self._move(move.reference)}
        return found

    # Names

    def order(self, row: Any) -> str:
        name = self.aliases.get(row.number) or self.next_name("new order")
        self.orders[row.id] = name
        return name

    def of_order(self, row: Any, what: str) -> str:
        return self.next_name(f"{self.orders[row.order_id]} {what}")

    def card(self, row: Any) -> str:
        self._tokens.setdefault(row.token, row.handle)
        return str(row.handle)

    def sealed(self, session: Session, row: Any, column: str) -> str:
        return self.next_name(f"{_THINGS[type(row).__tablename__]} {self._opened(session, row, column)}")

    def _owner(self, row: Any) -> str:
        account = row.id if isinstance(row, Account) else getattr(row, "account_id", None)
        return f"{self._others[account]}: " if account in self._others else ""

    def next_name(self, what: str) -> str:
        self._counts[what] = self._counts.get(what, 0) + 1
        return f"{what} {self._counts[what]}" if self._counts[what] > 1 else what

    # Values

    def _values(self, session: Session, row: Any) -> Mapping[str, Any]:
        values = {
            attribute.key: self._value(session, row, attribute.key)
            for attribute in inspect(type(row)).column_attrs
            if attribute.key not in KEYS
        }
        if "order_id" in inspect(type(row)).column_attrs and not isinstance(row, OrderLine):
            values["order"] = self.orders[row.order_id]
        if set(_ADDRESS) <= set(values) and "status" in values:
            values["to"] = _place([values.pop(column) for column in _ADDRESS])
        if isinstance(row, OrderLine):
            values["differs_from_shelf"] = not self._is_as_on_the_shelf(session, row)
        return values

    def _value(self, session: Session, row: Any, column: str) -> Any:
        value = getattr(row, column)
        match value:
            case datetime():
                return self._when(value)
            case UUID():
                return self._others.get(value, "somebody")
            case bytes() if isinstance(inspect(type(row)).columns[column].type, Sealed):
                return self._opened(session, row, column)
            case bytes():
                return "set"
            case str() if value in self._moves:
                return self._move(value)
            case str() if value in self._tokens:
                return self._tokens[value]
        return value

    def _opened(self, session: Session, row: Any, column: str) -> str:
        try:
            return self._scene.small.vault.open(session, row, column)
        except Shredded:
            return "unreadable"

    def _when(self, instant: datetime) -> str:
        """Counted from the beginning of the case, where all clocks stand at noon."""
        seconds = round((instant - NOON).total_seconds())
        for size, unit in ((86400, "day"), (60, "minute"), (1, "second")):
            if seconds and seconds % size == 0:
                number = abs(seconds) // size
                words = f"{number} {unit}" if number == 1 else f"{number} {unit}s"
                return f"in {words}" if seconds > 0 else f"{words} ago"
        return "now"

    def _move(self, reference: str) -> str:
        move = self._moves[reference]
        order = self.aliases.get(self._moves[move.charge].key.removeprefix("seed:"), "")
        if move.kind == "charge":
            return f"charged {move.amount.minor}" + (f" for {order} at first" if order else "")
        return f"gave back {move.amount.minor} of {order or 'a later charge'}"

    def _is_as_on_the_shelf(self, session: Session, line: OrderLine) -> bool:
        found = session.scalars(select(Variant).where(Variant.sku == line.sku)).first()
        if found is None:
            return False
        product: Product = found.product
        shelf = (product.handle, product.name, found.option, found.colour, product.kind)
        return shelf == tuple(getattr(line, column) for column in _AS_BOUGHT)


# What a row is called in the singular, where its table's name does not say it.
_THINGS: Mapping[str, str] = MappingProxyType(
    {
        "data_keys": "data key",
        "conversations": "conversation",
        "outbox_mails": "mail",
        "data_exports": "export",
        "reviews": "review",
        "answer_ratings": "rating",
        "model_calls": "model call",
        "totp_factors": "authenticator",
        "recovery_codes": "recovery code",
        "one_time_tokens": "one-time token",
        "addresses": "address",
        "sign_in_sessions": "session",
    }
)
_NAMES: Mapping[str, Callable[[_Reading, Session, Any], str]] = MappingProxyType(
    {
        "orders": lambda reading, _, row: reading.order(row),
        "payment_methods": lambda reading, _, row: reading.card(row),
        "order_lines": lambda reading, _, row: f"{reading.orders[row.order_id]} line {row.line}",
        "refunds": lambda reading, _, row: reading.of_order(row, "refund"),
        "extra_charges": lambda reading, _, row: reading.of_order(row, "extra charge"),
        "carrier_notes": lambda reading, _, row: reading.of_order(row, "note"),
        "cases": lambda reading, _, row: reading.aliases.get(row.number) or reading.next_name("new case"),
        "accounts": lambda reading, _, row: reading.next_name(f"{row.role} account"),
        "addresses": lambda reading, session, row: reading.sealed(session, row, "label"),
        "sign_in_sessions": lambda reading, session, row: reading.sealed(session, row, "device"),
        "basket_lines": lambda _, __, row: f"basket {row.sku}",
        "preferences": lambda _, __, row: f"mails {row.topic}",
        "variants": lambda _, __, row: str(row.sku),
        "products": lambda _, __, row: f"product {row.handle}",
        "messages": lambda _, __, row: f"message {row.position}",
    }
)


def _name(reading: _Reading, session: Session, row: Any) -> str:
    """What a row is called; one of a table that nobody has named after its table, so that it is compared as well."""
    table = str(row.__tablename__)
    if table in _NAMES:
        return _NAMES[table](reading, session, row)
    return reading.next_name(_THINGS.get(table, table))


def _place(values: list[Any]) -> str:
    """The label of an address of :meth:`SmallHouse.person` where all of it is there; else the words as they are."""
    for label in _LABELS:
        if values == [label, "Wilhelmina Zephyrwick", f"7 {label} Juniperlane", "D02 X285", "Quarrywharf", "IE"]:
            return label
    return ", ".join(str(value) for value in values if value)


def _new(row: Mapping[str, Any]) -> dict[str, Any]:
    """What a new row says that is not plain; an order line that is as the shelf has it is told by its SKU."""
    told = set(_AS_BOUGHT) if row.get("differs_from_shelf") is False else set[str]()
    return {column: value for column, value in row.items() if column not in told and not _is_plain(value)}


def _is_plain(value: object) -> bool:
    return any(value == plain and type(value) is type(plain) for plain in PLAIN)


def _with_money_as_a_list(found: dict[str, Any]) -> dict[str, Any]:
    moved = [found.pop(name)["moved"] for name in sorted(found) if name.startswith("money ")]
    return {**found, **({"money": moved} if moved else {})}
