"""What the house does by itself, now and then: settle claims, send mail, sign checkpoints."""

import threading
from collections.abc import Callable

import structlog

from auth.mail import deliver_pending
from frontend.house import House

log = structlog.get_logger(__name__)


class Chores:
    """A thread that runs each chore every ``every_s`` seconds until it is stopped."""

    def __init__(self, house: House, *, every_s: float = 15.0) -> None:
        self._chores: tuple[tuple[str, Callable[[], object]], ...] = (
            ("settle claims", house.desk.recover),
            ("send mail", lambda: _send_mail(house)),
            ("sign a checkpoint", house.checkpoint),
        )
        self._every_s = every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="chores", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ask the thread to end and wait for the chore it is at."""
        self._stop.set()
        self._thread.join(timeout=10)

    def once(self) -> None:
        """Each chore one time. One that fails is logged and does not keep the others from their turn."""
        for name, chore in self._chores:
            try:
                chore()
            except Exception as error:
                log.error("chore failed", chore=name, exc_info=error)

    def _run(self) -> None:
        while not self._stop.wait(self._every_s):
            self.once()


def _send_mail(house: House) -> None:
    if house.mailer is not None:
        deliver_pending(house.database, house.vault, house.mailer, clock=house.clock)
