"""What makes an account look risky, and for how long."""

from datetime import timedelta

import pytest

from auth.actor import Risk
from auth.audit import Event, record
from auth.database import Scope
from auth.guard.risk import Signals, assess, signals_of
from tests.small_house import SmallHouse


@pytest.mark.parametrize(
    ("signals", "level"),
    [
        (Signals(), Risk.LOW),
        (Signals(refused_commands=7, failed_second_factors=2), Risk.LOW),
        (Signals(refused_commands=8), Risk.ELEVATED),
        (Signals(failed_second_factors=3), Risk.ELEVATED),
        (Signals(refused_commands=20), Risk.HIGH),
        (Signals(failed_second_factors=5), Risk.HIGH),
    ],
)
def test_the_worst_signal_counts(signals: Signals, level: Risk) -> None:
    assert assess(signals) is level


def test_only_ones_own_last_hour_counts(small: SmallHouse) -> None:
    ida, bo = small.person(), small.person()
    old = small.clock() - timedelta(minutes=61)
    tried = (("totp.refused", old), ("totp.refused", small.clock()), ("recovery_code.refused", small.clock()))
    with small.database.begin(Scope.own(ida.account_id)) as session:
        for kind, at in (*tried, ("command.refused", small.clock()), ("sign_in.refused", small.clock())):
            record(session, Event(kind, at, ida.account_id, None, "page", {}))
    for who, signals in ((ida, Signals(1, 2)), (bo, Signals())):
        with small.database.read(Scope.own(who.account_id)) as session:
            assert who.account_id is not None
            assert signals_of(session, who.account_id, now=small.clock()) == signals
