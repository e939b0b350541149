"""A demo shop that people really visit: the whole app behind uvicorn, filled, on a clock that can be moved.

Nothing is patched: what differs from ``countersign demo`` is the clock and the trust in a proxy on this machine, so
that every window comes from a network of its own and no window uses up another's share of requests.
"""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import uvicorn
from sqlalchemy import select

from auth.audit import AuditEntry, read_notes, verify
from auth.database import Scope
from auth.vault import LocalKeyFile
from frontend.app import build_house, checkpoint_verifier, create_app
from frontend.demo_provider.provider import DemoProvider
from frontend.demo_provider.serving import demo_provider_at, listen_beside, served_beside
from frontend.house import House
from frontend.settings import Settings
from shop.demo import demo_people, seed
from shop.orders import Order
from shop.payments import DemoGateway
from shop.refunds import Refund
from tests.building import settings_for

OPENS_WITHIN_S = 60


@dataclass(slots=True)
class MovableClock:
    """Runs as clocks do, and ahead of the real one by as much as it was moved."""

    ahead: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def move(self, **by: float) -> None:
        self.ahead += timedelta(**by)


@dataclass(frozen=True, slots=True)
class LiveShop:
    """The running shop, and what its books say."""

    origin: str
    house: House
    clock: MovableClock
    settings: Settings
    provider: DemoProvider

    def fresh_code(self, email: str) -> str:
        """A code that was never used: the clock moves on by a step first, because a code is good for once."""
        self.clock.move(seconds=31)
        assert self.house.demo is not None
        with self.house.database.read(Scope.house("a test reads a code from its phone")) as session:
            people = demo_people(session, self.house.vault, self.house.demo, now=self.house.clock())
        return next(person.code for person in people if person.email == email)

    def chain(self, about: str) -> list[str]:
        """The kinds of all audit entries of the newest command about a record (``Order/HP-…``), oldest first.

        Each of them names the command it belongs to, so the chain is whole or it is not found.
        """
        entries = self._entries()
        named = [e for e in entries if e.command_id is not None and about in (e.body or "")]
        return [e.kind for e in entries if named and e.command_id == named[-1].command_id]

    def refunds(self, number: str) -> list[tuple[str, int]]:
        """State and amount (minor units) of every refund of an order."""
        with self.house.database.read(Scope.house("a test looks at the books")) as session:
            found = select(Refund).join(Order, Order.id == Refund.order_id).where(Order.number == number)
            return [(refund.state, refund.amount_minor) for refund in session.scalars(found)]

    def paid_back(self, number: str) -> int:
        """How many times the gateway moved money back for an order, by its own books."""
        assert isinstance(self.house.gateway, DemoGateway)
        with self.house.database.read(Scope.house("a test looks at the books")) as session:
            charge = session.scalar(select(Order.charge_reference).where(Order.number == number))
        return sum(move.kind == "refund" and move.charge == charge for move in self.house.gateway.ledger())

    def log_problems(self) -> list[str]:
        """What an auditor finds in the log, checked against all signed checkpoints."""
        notes = read_notes(self.settings.checkpoints)
        verifier = checkpoint_verifier(LocalKeyFile(self.settings.keys))
        with self.house.database.read(Scope.house("a test audits")) as session:
            return [problem.sentence for problem in verify(session, notes, verifier).problems]

    def _entries(self) -> list[Any]:
        with self.house.database.read(Scope.house("a test reads the log")) as session:
            return list(session.scalars(select(AuditEntry).order_by(AuditEntry.seq)))


@contextmanager
def open_shop(folder: Path, *, database_url: str) -> Iterator[LiveShop]:
    """Fill a migrated, empty database and serve the shop until the block ends."""
    listening = socket.create_server(("127.0.0.1", 0))
    origin, clock = f"http://localhost:{listening.getsockname()[1]}", MovableClock()
    settings = settings_for(folder, origin=origin, database_url=database_url, trusted_proxies=("127.0.0.1",))
    proof = settings.demo_mode()
    assert proof is not None
    beside = listen_beside(listening.getsockname()[1])
    provider = demo_provider_at(beside.getsockname()[1], proof, shop_origin=origin, clock=clock)
    settings = settings.model_copy(update={"sign_in_with": (provider.as_seen_by_the_shop(),)})
    house = build_house(settings, clock=clock)
    assert house.demo is not None
    hasher, gateway = house.entrance.hasher, house.gateway
    seed(house.demo, house.database, house.vault, gateway=gateway, hasher=hasher, clock=clock)
    config = uvicorn.Config(
        create_app(settings, house), log_config=None, access_log=False, proxy_headers=False, timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]}, name="live shop", daemon=True)
    thread.start()
    try:
        _wait_until_open(server, thread)
        with served_beside(provider, beside):
            yield LiveShop(origin, house, clock, settings, provider)
    finally:
        server.should_exit = True
        thread.join(timeout=15)
        listening.close()


def _wait_until_open(server: uvicorn.Server, thread: threading.Thread) -> None:
    gives_up_at = time.monotonic() + OPENS_WITHIN_S
    while not server.started:
        assert thread.is_alive() and time.monotonic() < gives_up_at, "the shop did not open"
        time.sleep(0.05)
