"""Rehearsals: what a clerk may do to a demo or staging shop to see how it stands."""

from dataclasses import dataclass
from typing import ClassVar


@dataclass(frozen=True, slots=True)
class CompromiseModel:
    """Let the attacker answer every chat (``on``), or the usual model again. In a demo or in staging only."""

    version: ClassVar[int] = 1
    on: bool
