"""How often an account may ask: ceilings on commands, by effect and by door, before anything is claimed.

These stand behind the ceilings on HTTP requests (:mod:`auth.web.limits`): a chat turn is one request and may hold
many commands.
"""

from dataclasses import dataclass

from limits import RateLimitItem, parse
from limits.storage import Storage
from limits.strategies import MovingWindowRateLimiter

from auth.actor import Actor
from auth.guard.commands import Effect


@dataclass(frozen=True, slots=True)
class Ceilings:
    """Commands an account may submit, in the notation of the ``limits`` package."""

    read: str = "300/minute"
    light: str = "120/minute"
    write: str = "60/minute"
    assistant_write: str = "20/minute"


class CommandLimits:
    """Counts commands by account. The storage decides whether the count is shared between processes."""

    def __init__(self, storage: Storage, ceilings: Ceilings) -> None:
        self._window = MovingWindowRateLimiter(storage)
        self._items: dict[str, RateLimitItem] = {
            "Read": parse(ceilings.read),
            "Light": parse(ceilings.light),
            "Write": parse(ceilings.write),
            "assistant": parse(ceilings.assistant_write),
        }

    def seconds_to_wait(self, actor: Actor, effect: Effect, now_s: float) -> int:
        """Count one command. 0 means go on; otherwise how many seconds until the next may come."""
        name = "assistant" if actor.act is not None and effect is Effect.WRITE else effect.value
        item = self._items[name]
        who = str(actor.account_id or actor.network or "nobody")
        if self._window.hit(item, name, who):
            return 0
        reset = self._window.get_window_stats(item, name, who).reset_time
        return max(1, round(reset - now_s))
