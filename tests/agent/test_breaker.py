"""The breaker, and what an error of a provider is taken for."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from types import SimpleNamespace

import pytest

from agent.away import away_from
from agent.breaker import LONGEST_REST_S, Breaker


class Time:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


class Odd(Exception):
    """An error as a provider's package raises it: a status, and an answer with headers."""

    def __init__(self, status: int | None, **headers: str) -> None:
        super().__init__("hunter2 said something")
        self.status_code = status
        self.response = SimpleNamespace(headers={name.replace("_", "-"): text for name, text in headers.items()})


def test_three_failures_within_a_minute_open_it_and_older_ones_do_not_count() -> None:
    time = Time()
    breaker = Breaker(clock=time)
    for _ in range(6):
        breaker.failed()
        time.now += 31
    assert breaker.lets_through() and not breaker.is_resting, "never three within a minute"
    breaker.failed()
    breaker.failed()
    assert breaker.is_resting and not breaker.lets_through()


def test_after_the_rest_one_tries_and_the_others_wait_for_it() -> None:
    time = Time()
    breaker = Breaker(clock=time)
    for _ in range(3):
        breaker.failed()
    time.now += 61
    assert [breaker.lets_through() for _ in range(3)] == [True, False, False]
    breaker.failed()
    assert not breaker.lets_through(), "one failure after a rest is enough"
    time.now += 61
    assert breaker.lets_through()
    breaker.succeeded()
    assert [breaker.lets_through() for _ in range(3)] == [True] * 3 and not breaker.is_resting


def test_a_caller_who_did_not_ask_after_all_leaves_the_try_to_the_next() -> None:
    time = Time()
    breaker = Breaker(clock=time)
    for _ in range(3):
        breaker.failed()
    time.now += 61
    assert breaker.lets_through() and not breaker.lets_through()
    breaker.not_asked()
    assert breaker.lets_through() and breaker.is_resting


def test_a_try_that_vanished_does_not_block_for_ever() -> None:
    time = Time()
    breaker = Breaker(clock=time)
    for _ in range(3):
        breaker.failed()
    time.now += 61
    assert breaker.lets_through()
    time.now += 61
    assert breaker.lets_through()


def test_a_rest_that_was_asked_for_is_kept_and_bounded() -> None:
    time = Time()
    breaker = Breaker(clock=time)
    breaker.failed(asked_rest_s=1e9)
    time.now += LONGEST_REST_S - 1
    assert not breaker.lets_through()
    time.now += 2
    assert breaker.lets_through()


@pytest.mark.parametrize(
    ("error", "code", "is_passing", "is_ours"),
    [
        (TimeoutError(), "timeout", False, False),
        (ConnectionResetError(), "connection", True, False),
        (ValueError("half a JSON"), "malformed", True, False),
        (KeyError("choices"), "error-KeyError", False, False),
        (Odd(429), "status-429", True, False),
        (Odd(500), "status-500", True, False),
        (Odd(529), "status-529", True, False),
        (Odd(401), "status-401", False, False),
        (Odd(404), "status-404", False, False),
        (Odd(400), "status-400", False, True),
        (Odd(422), "status-422", False, True),
        (Odd(None), "error-Odd", False, False),
    ],
)
def test_what_an_error_means(error: Exception, code: str, is_passing: bool, is_ours: bool) -> None:
    away = away_from(error)
    assert (away.code, away.is_passing, away.is_ours) == (code, is_passing, is_ours)
    assert "hunter2" not in str(away)


def test_retry_after_is_seconds_or_a_date_and_nonsense_is_none() -> None:
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    assert away_from(Odd(429, retry_after="2.5")).retry_after_s == 2.5
    assert 85 < away_from(Odd(429, retry_after=later)).retry_after_s <= 90
    for text in ("", "soon", "nan", "inf", "-5", "Fri, 99 Nov"):
        assert away_from(Odd(429, retry_after=text)).retry_after_s == 0, text
