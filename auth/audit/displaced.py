"""Tells apart, among entries whose hash does not fit their place, those that were edited from those that were moved.

The hash covers the place, so an entry that was moved whole still fits the place it was written at.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from auth.audit.problem import Kind, Problem, entries_named, is_or_are
from auth.audit.stored import Stored

_NEAR = 8
# Entries kept whole for comparing each with each; beyond that, an unexplained one counts as edited.
_MOST_KEPT = 200


class Displaced:
    """Collects misfits in the order of the log, then explains them."""

    def __init__(self) -> None:
        self._written_at: dict[int, int] = {}
        self._kept: list[Stored] = []
        self._edited: list[int] = []
        self._shift = 0

    def add(self, stored: Stored) -> None:
        """Take an entry whose hash doesn't fit its seq."""
        for shift in self._likely_shifts():
            if stored.stands_at(stored.seq + shift):
                self._written_at[stored.seq] = stored.seq + shift
                self._shift = shift
                return
        if len(self._kept) < _MOST_KEPT and stored.columns is not None:
            self._kept.append(stored)
        else:
            self._edited.append(stored.seq)

    def problems(self) -> list[Problem]:
        """One problem for each run of neighbours that share an explanation."""
        for stored in self._kept:
            self._place(stored)
        turned = set(self._written_at) - self._drifted()
        shifts = [(seq, written - seq, seq in turned) for seq, written in sorted(self._written_at.items())]
        moved = [_moved(*run) for run in _runs(shifts)]
        edited = [_edited(first, last) for first, last, *_ in _runs((seq, 0, False) for seq in sorted(self._edited))]
        return sorted(moved + edited, key=lambda problem: problem.seq or 0)

    def _likely_shifts(self) -> Iterator[int]:
        # After a removal that was papered over by renumbering, the same shift explains every entry that follows.
        if self._shift:
            yield self._shift
        if len(self._kept) < _MOST_KEPT:
            yield from (shift for near in range(1, _NEAR + 1) for shift in (near, -near))

    def _place(self, stored: Stored) -> None:
        # Two entries that changed places are both misfits, so each is tried in the places of the others.
        for other in self._kept:
            if stored.stands_at(other.seq):
                self._written_at[stored.seq] = other.seq
                return
        self._edited.append(stored.seq)

    def _drifted(self) -> set[int]:
        """Moved entries that are not part of a closed exchange of places: a removal or an insertion pushed them."""
        pushed_by = defaultdict(list)
        for seq, written in self._written_at.items():
            pushed_by[written].append(seq)
        waiting = [seq for seq, written in self._written_at.items() if written not in self._written_at]
        drifted = set[int]()
        while waiting:
            seq = waiting.pop()
            if seq not in drifted:
                drifted.add(seq)
                waiting.extend(pushed_by[seq])
        return drifted


def _runs(marked: Iterable[tuple[int, int, bool]]) -> Iterator[tuple[int, int, int, bool]]:
    """(first, last, shift, turned) for each run of consecutive seqs with the same shift."""
    run: tuple[int, int, int, bool] | None = None
    for seq, shift, turned in marked:
        if run is not None and (seq, shift, turned) == (run[1] + 1, run[2], run[3]):
            run = (run[0], seq, shift, turned)
            continue
        if run is not None:
            yield run
        run = (seq, seq, shift, turned)
    if run is not None:
        yield run


def _moved(first: int, last: int, shift: int, turned: bool) -> Problem:
    who, verb = entries_named(first, last), "was" if first == last else "were"
    if turned:
        place = entries_named(first + shift, last + shift).lower()
        return Problem(Kind.REORDERED, first, f"{who} {verb} written as {place}: entries have changed places.")
    if shift > 0:
        return Problem(
            Kind.MISSING, first, f"{who} {verb} written {shift} later: {shift} before {is_or_are(shift, 1)} missing."
        )
    return Problem(
        Kind.INSERTED, first, f"{who} {verb} written {-shift} earlier: {-shift} before did not belong to the log."
    )


def _edited(first: int, last: int) -> Problem:
    changed = "has been changed since it was" if first == last else "have been changed since they were"
    return Problem(Kind.EDITED, first, f"{entries_named(first, last)} {changed} written.")
