"""The auditor's pass: every entry is hashed again from its columns and held against what was signed outside.

What it can't see: an attacker who rolls back the database *and* the checkpoint file together, or who changes entries
that no checkpoint covers yet (the newest ``Report.entries - Report.witnessed``) and recomputes every hash.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlalchemy.orm import Session

from auth.audit import tree
from auth.audit.displaced import Displaced
from auth.audit.notes import BadNote, Checkpoint, CheckpointVerifier
from auth.audit.problem import Kind, Problem, entries_named, is_or_are
from auth.audit.stored import Stored, head_row, pages


@dataclass(frozen=True, slots=True)
class Report:
    """What was found: how many entries and checkpoints were read, and everything that is wrong with them.

    ``witnessed`` is the size of the largest checkpoint that fits: entries from there on rest on the database alone.
    """

    entries: int
    checkpoints: int
    witnessed: int
    problems: tuple[Problem, ...]

    @property
    def ok(self) -> bool:
        return not self.problems


def verify(
    session: Session,
    checkpoints: Sequence[str],
    verifier: CheckpointVerifier,
    *,
    progress: Callable[[int, int], None] | None = None,
) -> Report:
    """Check the whole log against its signed checkpoints. ``progress`` is told (entries done, entries in all).

    The notes must have been read *before* ``session`` first read the database, or a checkpoint written in between
    would look like a truncated log. The pass needs about 64 bytes of memory an entry.
    """
    # (1) The head is read before the entries, so that writers in between can only add to what it says.
    head = head_row(session)
    # (2) Each entry stands in its place, and its stored hash is the hash of its columns (RFC 9162 §2.1.1).
    walk = _Walk()
    for page in pages(session):
        walk.take(page)
        if progress is not None:
            progress(walk.next_seq, max(walk.next_seq, head[0] if head else 0))
    # (3) The head row and its frontier follow from the entries.
    of_head = _check_head(session, head, walk)
    # (4) Each signature is ours.
    opened, bad = _open_all(checkpoints, verifier)
    # (5) Each signed root follows from the entries and from the root signed before it (RFC 9162 §2.1.4).
    witnessed, contradicted = _check_roots(opened, walk)
    problems = (*walk.problems(), *of_head, *bad, *_check_pairs(opened), *contradicted)
    return Report(entries=walk.count, checkpoints=len(checkpoints), witnessed=witnessed, problems=problems)


class _Walk:
    """One pass over the entries in order, building the tree from their stored hashes."""

    def __init__(self) -> None:
        self.tree = tree.Tree()
        self.count = 0
        self.next_seq = 0
        self._gaps: list[Problem] = []
        self._displaced = Displaced()

    def take(self, page: Sequence[Stored]) -> None:
        for stored in page:
            if stored.seq != self.next_seq:
                self._gaps.append(_gap(self.next_seq, stored.seq))
            # Behind a gap no root can be computed any more; the gap itself is the finding.
            if not self._gaps:
                self.tree.append(stored.leaf)
            if not stored.stands_at(stored.seq):
                self._displaced.add(stored)
            self.next_seq = stored.seq + 1
            self.count += 1

    def problems(self) -> list[Problem]:
        return [*self._gaps, *self._displaced.problems()]


def _gap(expected: int, found: int) -> Problem:
    if found < expected:
        return Problem(Kind.INSERTED, found, f"Entry {found} stands before the beginning of the log.")
    who, verb = entries_named(expected, found - 1), is_or_are(expected, found - 1)
    return Problem(Kind.MISSING, expected, f"{who} {verb} missing from the database.")


def _check_head(session: Session, head: tuple[int, bytes] | None, walk: _Walk) -> list[Problem]:
    if head is None and walk.count and head_row(session) is None:
        return [Problem(Kind.HEAD, None, "The head row of the log is missing.")]
    # A head that came after the first look, as it may on PostgreSQL, counts as the head of an empty log here.
    size, peaks = head or (0, b"")
    if size < 0:
        return [Problem(Kind.HEAD, None, "The head row holds what the log can't have written.")]
    if size > walk.next_seq:
        gone = entries_named(walk.next_seq, size - 1)
        return [Problem(Kind.TRUNCATED, walk.next_seq, f"{gone} are counted by the head row but gone from the end.")]
    problems = _check_newer(session, size, walk)
    if size <= walk.tree.size and walk.tree.frontier(size).to_bytes() != peaks:
        problems.append(Problem(Kind.HEAD, None, "The head row's frontier does not follow from the entries."))
    return problems


def _check_newer(session: Session, size: int, walk: _Walk) -> list[Problem]:
    """Entries beyond the head are right only if the head has moved since it was read, as it may on PostgreSQL."""
    now = head_row(session) if walk.next_seq > size else None
    if now is None or now[0] >= walk.next_seq:
        return []
    extra = entries_named(size, walk.next_seq - 1)
    return [Problem(Kind.INSERTED, size, f"{extra} lie beyond the head row: the log did not write them.")]


def _open_all(notes: Sequence[str], verifier: CheckpointVerifier) -> tuple[list[Checkpoint], list[Problem]]:
    opened, bad = list[Checkpoint](), list[Problem]()
    for number, note in enumerate(notes, start=1):
        try:
            opened.append(verifier.open(note))
        except BadNote as reason:
            bad.append(Problem(Kind.BAD_SIGNATURE, None, f"Checkpoint number {number} can't be trusted: {reason}."))
    return sorted(opened, key=lambda checkpoint: checkpoint.size), bad


def _check_pairs(ordered: Sequence[Checkpoint]) -> list[Problem]:
    return [
        Problem(Kind.FORKED, one.size, f"Two different logs of {one.size} entries have been signed.")
        for one, other in pairwise(ordered)
        if one.size == other.size and one.root != other.root
    ]


def _check_roots(ordered: Sequence[Checkpoint], walk: _Walk) -> tuple[int, list[Problem]]:
    """The size of the largest checkpoint that fits, and the first of each way in which others don't."""
    size, root, forked = 0, tree.EMPTY_ROOT, list[Problem]()
    for checkpoint in ordered:
        if checkpoint.size > walk.tree.size:
            break
        if _follows(walk.tree, size, root, checkpoint):
            size, root = checkpoint.size, checkpoint.root
        elif not forked:
            forked.append(_rewritten(size, checkpoint))
    if ordered and ordered[-1].size > walk.next_seq:
        forked.append(_cut_off(walk.next_seq, ordered[-1]))
    return size, forked


def _follows(entries: tree.Tree, size: int, root: bytes, checkpoint: Checkpoint) -> bool:
    proof = entries.consistency(size, checkpoint.size)
    consistent = tree.verify_consistency(size, checkpoint.size, proof, root, checkpoint.root)
    return consistent and entries.root(checkpoint.size) == checkpoint.root


def _rewritten(size: int, checkpoint: Checkpoint) -> Problem:
    where = f"{entries_named(size, checkpoint.size - 1)} are not those" if checkpoint.size > size else "It is not what"
    sentence = f"The checkpoint of {checkpoint.size} entries contradicts the database: {where} that were signed."
    return Problem(Kind.FORKED, size, sentence)


def _cut_off(held: int, checkpoint: Checkpoint) -> Problem:
    sentence = f"A log of {checkpoint.size} entries was signed, but the database holds only {held}."
    return Problem(Kind.TRUNCATED, held, sentence)
