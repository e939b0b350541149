"""A breaker before a hosted model: after several failures within a minute it rests for a while, then is tried once.

Without it each customer would wait for the same silence again. It keeps counts and times only, in this process.
"""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

LONGEST_REST_S = 300.0


@dataclass(slots=True)
class Breaker:
    """Opens after ``failures`` within ``within_s`` seconds, for ``rest_s`` seconds. ``clock`` counts seconds."""

    failures: int = 3
    within_s: float = 60.0
    rest_s: float = 60.0
    clock: Callable[[], float] = time.monotonic
    _failed: deque[float] = field(default_factory=deque)
    _rests_until: float | None = None

    @property
    def is_resting(self) -> bool:
        """Whether the last thing known of the model is that it fails."""
        return self._rests_until is not None

    def lets_through(self) -> bool:
        """Whether to ask the model now. After a rest one caller tries; the others wait until that one has succeeded."""
        now = self.clock()
        if self._rests_until is None:
            return True
        if now < self._rests_until:
            return False
        # The rest goes on for everybody else. If this caller vanishes without a word, the next try is a rest away.
        self._rests_until = now + self.rest_s
        return True

    def not_asked(self) -> None:
        """Whoever was let through did not ask after all: the next one may."""
        if self._rests_until is not None:
            self._rests_until = self.clock()

    def succeeded(self) -> None:
        """The model has answered: nothing of before counts."""
        self._failed.clear()
        self._rests_until = None

    def failed(self, *, asked_rest_s: float = 0.0) -> None:
        """The model has not answered; ``asked_rest_s`` is how long its provider asked to be left alone."""
        now = self.clock()
        self._failed.append(now)
        while self._failed[0] < now - self.within_s:
            self._failed.popleft()
        if len(self._failed) >= self.failures or asked_rest_s or self.is_resting:
            self._rests_until = now + min(max(self.rest_s, asked_rest_s), LONGEST_REST_S)
            self._failed.clear()
