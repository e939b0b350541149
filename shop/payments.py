"""How an account pays: cards the shop knows by a token and four digits, and the gateway that moves the money.

A card number never comes here. The gateway is outside: it is called between transactions, with a key that makes a
repeated call harmless.
"""

import hashlib
import sqlite3
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol
from uuid import UUID

from sqlalchemy import String, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned
from auth.guard.commands import Json
from auth.guard.rooms import Declined, Settled, Settlement, Unreachable
from shop.card_details import CardDetails, card_handle
from shop.demo_cards import DECLINED_CARD, DEMO_CARDS, DemoCard, describe_demo_card
from shop.money import Money
from shop.orders import Order
from shop.views import PaymentMethodView

CARD_EXPIRED = "This payment card has expired. Please choose another one."


class PaymentMethod(Base, Owned):
    """A card as the shop has it: ``token`` means something to the gateway only; ``expires`` is ``MM/YY``."""

    __tablename__ = "payment_methods"

    id: Mapped[UUID] = mapped_column(primary_key=True)
    brand: Mapped[str] = mapped_column(String(20))
    last4: Mapped[str] = mapped_column(String(4))
    token: Mapped[str] = mapped_column(String(80))
    expires: Mapped[str] = mapped_column(String(5))

    @property
    def handle(self) -> str:
        return card_handle(self.brand, self.last4)

    @property
    def words(self) -> str:
        return f"{self.brand} ···· {self.last4}"


def find_payment_methods(session: Session, account_id: UUID | None) -> Sequence[PaymentMethod]:
    """An account's own cards, oldest first."""
    if account_id is None:
        return ()
    statement = select(PaymentMethod).where(PaymentMethod.account_id == account_id)
    return session.scalars(statement.order_by(PaymentMethod.id)).all()


def find_payment_method(session: Session, account_id: UUID | None, handle: str) -> PaymentMethod | None:
    """An account's own card by its handle."""
    wanted = handle.strip().casefold()
    return next((m for m in find_payment_methods(session, account_id) if m.handle == wanted), None)


def card_behind(session: Session, order: Order) -> PaymentMethod | None:
    """The card that paid for an order, while its owner still keeps it."""
    return next((m for m in find_payment_methods(session, order.account_id) if m.words == order.paid_with), None)


def payment_method_view(method: PaymentMethod, now: datetime) -> PaymentMethodView:
    return PaymentMethodView(method.handle, method.words, method.expires, has_expired(method, now))


def has_expired(card: PaymentMethod | CardDetails, now: datetime) -> bool:
    """Whether the last day of the card's month has passed."""
    month, _, year = card.expires.partition("/")
    return (2000 + int(year), int(month)) < (now.year, now.month)


def asked(amount: Money) -> dict[str, Json]:
    """An amount as it is kept in a gateway request."""
    return {"minor": amount.minor, "currency": amount.currency}


def asked_amount(request: Mapping[str, Json]) -> Money:
    """The amount of a kept gateway request."""
    minor = request["minor"]
    if not isinstance(minor, int):
        raise TypeError("a kept request holds its amount in minor units")
    return Money(minor, str(request["currency"]))


class PaymentGateway(Protocol):
    """What moves the money. The same key has the same effect once and gets the same answer each time."""

    def charge(self, key: str, token: str, amount: Money) -> Settlement:
        """Take money from a card. Raises :class:`~auth.guard.rooms.Unreachable` when nobody answered."""

    def refund(self, key: str, charge_reference: str, amount: Money) -> Settlement:
        """Give back part of a charge, in all never more than it was. Raises as :meth:`charge` does."""

    def describe(self, key: str, reference: str) -> CardDetails | Declined:
        """What card the payment service's own page took under this reference. Raises as :meth:`charge` does."""


@dataclass(frozen=True, slots=True)
class Movement:
    """A line of the demo gateway's ledger: money that moved. ``charge`` names the charge a refund belongs to."""

    key: str
    kind: str
    reference: str
    charge: str
    amount: Money
    at: datetime


class DemoGateway:
    """A payment processor for demonstrations: it keeps honest books of money that does not exist.

    Its books are a SQLite file of its own (in memory without a path), never the shop's database: like a real
    processor's, they outlive a rollback or a crash of the shop. Some tokens do what cards sometimes do:

    - ``tok_demo_declined`` is always declined;
    - ``tok_demo_unreachable_once`` gives no answer the first time a key comes, and does nothing;
    - ``tok_demo_answer_lost_once`` does as asked the first time a key comes, but its answer never arrives.

    Its payment page is a list to choose from: :meth:`samples`.
    """

    DECLINED = DECLINED_CARD
    UNREACHABLE_ONCE = "tok_demo_unreachable_once"
    ANSWER_LOST_ONCE = "tok_demo_answer_lost_once"

    def __init__(self, path: Path | None = None, *, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._turn = threading.Lock()
        self._books = sqlite3.connect(path or ":memory:", timeout=10, isolation_level=None, check_same_thread=False)
        self._books.executescript(_BOOKS)

    def charge(self, key: str, token: str, amount: Money) -> Settlement:
        """Take money from a demo card; see the tokens of this class."""
        with self._page() as books:
            is_first = books.execute("INSERT OR IGNORE INTO asked VALUES (?)", (key,)).rowcount == 1
            if token == self.UNREACHABLE_ONCE and is_first:
                answer: Settlement | None = None
            else:
                no = "The card was declined. Please choose another one." if token == self.DECLINED else ""
                answer = self._answer(books, key, kind="charge", subject=token, amount=amount, no=no)
                answer = None if token == self.ANSWER_LOST_ONCE and is_first else answer
        if answer is None:
            raise Unreachable("the demo gateway kept silent, as this token asks it to")
        return answer

    def refund(self, key: str, charge_reference: str, amount: Money) -> Settlement:
        """Give money back; declined for a charge that is not in the books and for more than is left of it."""
        with self._page() as books:
            no = (
                "" if self._left(books, charge_reference) >= amount.minor > 0 else "The bank did not accept the refund."
            )
            return self._answer(books, key, kind="refund", subject=charge_reference, amount=amount, no=no)

    def describe(self, key: str, reference: str) -> CardDetails | Declined:
        """The demo card behind a reference; see :mod:`shop.demo_cards`."""
        with self._page() as books:
            is_first = books.execute("INSERT OR IGNORE INTO asked VALUES (?)", (key,)).rowcount == 1
        return describe_demo_card(reference, is_first=is_first, now=self._clock())

    def samples(self) -> Sequence[DemoCard]:
        """The cards one can choose in the demo, in place of typing a real one on a hosted page."""
        return DEMO_CARDS

    def ledger(self) -> tuple[Movement, ...]:
        """Every movement of money, in order; answers of no are not in it."""
        with self._page() as books:
            rows = books.execute(
                "SELECT key, kind, reference, subject, minor, currency, at FROM answers WHERE no = '' ORDER BY rowid"
            ).fetchall()
        return tuple(
            Movement(key, kind, reference, subject if kind == "refund" else reference, Money(minor, currency), _at(at))
            for key, kind, reference, subject, minor, currency, at in rows
        )

    def close(self) -> None:
        self._books.close()

    @contextmanager
    def _page(self) -> Iterator[sqlite3.Connection]:
        """One turn at the books; written down at its end, before anybody hears the answer."""
        with self._turn:
            self._books.execute("BEGIN IMMEDIATE")
            try:
                yield self._books
            except BaseException:
                self._books.execute("ROLLBACK")
                raise
            self._books.execute("COMMIT")

    def _answer(
        self, books: sqlite3.Connection, key: str, *, kind: str, subject: str, amount: Money, no: str
    ) -> Settlement:
        asked = (kind, subject, amount.minor, amount.currency)
        before = books.execute("SELECT kind, subject, minor, currency FROM answers WHERE key = ?", (key,)).fetchone()
        if before is not None and before != asked:
            raise ValueError(f"the key {key} was used for something else before")
        if before is None:
            reference = f"{kind[:2]}_{hashlib.sha256(key.encode()).hexdigest()[:20]}"
            row = (key, *asked, reference, no, self._clock().isoformat())
            books.execute("INSERT INTO answers VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)
        kept, refusal = books.execute("SELECT reference, no FROM answers WHERE key = ?", (key,)).fetchone()
        return Declined(refusal) if refusal else Settled(kept)

    def _left(self, books: sqlite3.Connection, charge: str) -> int:
        """What is left of a charge, in minor units."""
        query = "SELECT COALESCE(SUM(minor), 0) FROM answers WHERE no = '' AND kind = ? AND {} = ?"
        charged = books.execute(query.format("reference"), ("charge", charge)).fetchone()[0]
        refunded = books.execute(query.format("subject"), ("refund", charge)).fetchone()[0]
        return int(charged) - int(refunded)


_BOOKS = """
PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS asked (key TEXT PRIMARY KEY);
CREATE TABLE IF NOT EXISTS answers (
    key TEXT PRIMARY KEY, kind TEXT, subject TEXT, minor INTEGER, currency TEXT, reference TEXT, no TEXT, at TEXT
);
"""


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
