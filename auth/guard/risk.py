"""How risky a request looks: a pure function from signals to a level and its reasons."""

from dataclasses import dataclass

from auth.actor import Risk


@dataclass(frozen=True, slots=True)
class Signals:
    """What is known about an account's last hour. Counts; ``device_age_s`` is how long this session has lived."""

    refused_commands: int = 0
    failed_second_factors: int = 0
    device_age_s: int = 86_400


@dataclass(frozen=True, slots=True)
class Assessment:
    level: Risk
    reasons: tuple[str, ...]


def assess(signals: Signals) -> Assessment:
    """The level is the worst that any signal gives. The policy reads the level; people read the reasons."""
    high, elevated = [], []
    if signals.failed_second_factors >= 5:
        high.append("many wrong codes in the last hour")
    elif signals.failed_second_factors >= 3:
        elevated.append("several wrong codes in the last hour")
    if signals.refused_commands >= 20:
        high.append("many refused requests in the last hour")
    elif signals.refused_commands >= 8:
        elevated.append("several refused requests in the last hour")
    if high:
        return Assessment(Risk.HIGH, tuple(high + elevated))
    return Assessment(Risk.ELEVATED if elevated else Risk.LOW, tuple(elevated))
