"""Requests that were turned away before they reached the desk, counted in memory and told to the audit log in sums.

The desk writes its own refusals. What the skin, the pages and the forms refuse (wrong origin, too large, too often,
malformed, not there for whoever asks) comes in floods, so one event stands for a network, a status and the time since
the last telling.
"""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.actor import Channel
from auth.audit import JSON, Event, record
from auth.database import Database
from auth.database import Scope as Rows
from auth.vault import Vault
from auth.web.network import ClientNetworks

TURNED_AWAY = frozenset({400, 401, 403, 404, 405, 409, 413, 415, 421, 422, 429, 431})
MOST_KEYS = 10_000


class TurnedAway:
    """The tally. It holds at most 10,000 pairs of network and status; what comes on top is counted as *elsewhere*."""

    def __init__(self) -> None:
        self._counts: Counter[tuple[str, int]] = Counter()
        self._lock = threading.Lock()

    def count(self, network: str, status: int) -> None:
        with self._lock:
            key = (network, status)
            self._counts[key if key in self._counts or len(self._counts) < MOST_KEYS else ("elsewhere", status)] += 1

    def tell(self, database: Database, vault: Vault, *, clock: Callable[[], datetime]) -> int:
        """Write one event for each pair and start over; returns how many. A network is named by a keyed tag."""
        with self._lock:
            counts, self._counts = self._counts, Counter()
        if not counts:
            return 0
        try:
            with database.begin(Rows.house("telling what was turned away")) as session:
                for (network, status), times in sorted(counts.items()):
                    tag = vault.tag("network", network).hex()[:16]
                    body: dict[str, JSON] = {"status": status, "times": times, "network": tag}
                    record(session, Event("web.refused", clock(), None, None, Channel.PAGE.value, body))
        except Exception:
            # What could not be told is told the next time.
            with self._lock:
                self._counts.update(counts)
            raise
        return len(counts)


class CountTurnedAway:
    """ASGI middleware around everything else of the skin: looks at the status of each answer."""

    def __init__(self, app: ASGIApp, *, tally: TurnedAway, networks: ClientNetworks) -> None:
        self._app, self._tally, self._networks = app, tally, networks

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def watch(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] in TURNED_AWAY:
                self._tally.count(self._networks.of(scope), message["status"])
            await send(message)

        await self._app(scope, receive, watch)
