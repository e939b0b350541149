"""What the house does by itself, now and then: settle claims, send mail, sign checkpoints."""

import threading
from collections.abc import Callable
from datetime import timedelta

import structlog

from auth.database import Scope
from auth.guard.keyed_answers import KEPT_FOR, forget_keyed_answers
from auth.guard.refusals import forget_counts
from auth.guard.submissions import forget_answers
from auth.mail import deliver_pending
from auth.oauth.codes import forget_codes
from auth.oauth.delegations import forget_delegations
from auth.oauth.keys import forget_signing_keys
from auth.oauth.refreshing import forget_refresh_tokens
from auth.sign_in.address_changes import forget_changes
from auth.sign_in.attempts import sweep
from auth.sign_in.challenges import forget_challenges
from auth.sign_in.devices import REMEMBERED, forget_devices
from auth.sign_in.lost_factor import forget_resets
from auth.sign_in.mail_change import carry_out_changes
from auth.sign_in.one_time import forget_tokens
from auth.sign_in.outside.handshake import forget_handshakes
from auth.sign_in.sessions import forget_sessions
from auth.web.asking import Door
from frontend.house import House
from shop.allowances import day_of
from shop.days_used import forget_days

log = structlog.get_logger(__name__)


class Chores:
    """A thread that runs each chore every ``every_s`` seconds until it is stopped."""

    def __init__(self, house: House, door: Door, *, every_s: float = 30.0) -> None:
        self._chores: tuple[tuple[str, Callable[[], object]], ...] = (
            ("settle claims", house.desk.recover),
            ("send mail", lambda: _send_mail(house)),
            (
                "tell what was turned away",
                lambda: door.turned_away.tell(house.database, house.vault, clock=house.clock),
            ),
            ("change addresses that are due", lambda: carry_out_changes(house.entrance)),
            ("forget what has ended", lambda: _forget(house)),
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


def _forget(house: House) -> None:
    """What has done its work is not kept: tokens and sessions that ended, old answers, old counts."""
    now = house.clock()
    with house.database.begin(Scope.house("forgetting what has ended")) as session:
        sweep(session, now=now)
        forget_counts(session, before=now - timedelta(days=1))
        forget_challenges(session, before=now - timedelta(days=1))
        forget_devices(session, before=now - REMEMBERED)
        forget_changes(session, before=now - timedelta(days=90))
        forget_resets(session, before=now - timedelta(days=90))
        forget_tokens(session, before=now - timedelta(days=1))
        forget_sessions(session, before=now - timedelta(days=7))
        forget_handshakes(session, before=now)
        forget_codes(session, before=now - timedelta(days=1))
        forget_refresh_tokens(session, before=now - timedelta(days=1))
        forget_delegations(session, before=now - timedelta(days=90))
        forget_signing_keys(session, before=now - timedelta(days=1))
        forget_answers(session, before=now - timedelta(days=30))
        forget_keyed_answers(session, before=now - KEPT_FOR)
        forget_days(session, before=day_of(now - timedelta(days=30)))
