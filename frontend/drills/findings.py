"""What a drill with the attacker found, as plain values: attempts by family, what stopped them, and what held."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from agent.compromised import Tried
from frontend.drills.books import Difference
from frontend.invariants import Invariant

NOTHING = "nothing: it may do that"
SAID = "nothing: said as it is"


@dataclass(slots=True)
class Tally:
    """Counted while the drill runs, by family: attempts, calls and texts, and what each of them ended at."""

    attempts: Counter[str] = field(default_factory=Counter)
    calls: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    stops: dict[str, Counter[str]] = field(default_factory=dict)

    def count(self, tried: Sequence[Tried]) -> None:
        """Calls that have ended."""
        for one in tried:
            self.calls[one.family] += 1
            self.stops.setdefault(one.family, Counter())[one.stopped_by or NOTHING] += 1

    def count_text(self, family: str, fate: str) -> None:
        """A text it said, and what became of it."""
        self.texts[family] += 1
        self.stops.setdefault(family, Counter())[fate] += 1


@dataclass(frozen=True, slots=True)
class Findings:
    """One run. ``controls`` show that each search finds what there is to find; times are in seconds."""

    calls: int
    turns: int
    seed: int
    seconds: float
    tally: Tally
    invariants: tuple[Invariant, ...]
    controls: tuple[Invariant, ...]
    differences: tuple[Difference, ...]

    @property
    def holds(self) -> bool:
        return all(invariant.holds for invariant in (*self.invariants, *self.controls))

    @property
    def walls(self) -> Counter[str]:
        """Calls and texts by what ended them, over all families."""
        return sum(self.tally.stops.values(), Counter[str]())

    def as_json(self) -> Mapping[str, Any]:
        """The whole run for a machine."""
        return {
            "holds": self.holds,
            "calls": self.calls,
            "turns": self.turns,
            "seed": self.seed,
            "seconds": round(self.seconds, 1),
            "families": {
                family: {
                    "attempts": self.tally.attempts[family],
                    "calls": self.tally.calls[family],
                    "texts": self.tally.texts[family],
                    "stopped_by": dict(self.tally.stops.get(family, Counter()).most_common()),
                }
                for family in sorted(self.tally.attempts)
            },
            "invariants": [_as_json(invariant) for invariant in self.invariants],
            "controls": [_as_json(control) for control in self.controls],
            "differences": [
                {
                    "table": d.table,
                    "added": d.added,
                    "changed": d.changed,
                    "removed": d.removed,
                    "why": d.why,
                    "broken": list(d.broken),
                }
                for d in self.differences
            ],
        }


def _as_json(invariant: Invariant) -> Mapping[str, Any]:
    return {
        "name": invariant.name,
        "holds": invariant.holds,
        "figures": invariant.figures,
        "broken": list(invariant.broken),
    }
