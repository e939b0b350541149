"""Checkpoints outside the database: what was committed is signed into a file that only ever grows.

Whoever rewrites the database afterwards contradicts a signature that they would have to take out of this file too.
"""

import fcntl
import os
import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path

from auth.audit.notes import DASH, BadNote, Checkpoint, CheckpointSigner
from auth.audit.tree import Frontier

FILE_NAME = "checkpoints.txt"
_TAIL = 8192  # Bytes read from the end of the file to find the newest note; a note of ours has about 220.
_END_OF_NOTE = re.compile(b"\n\n" + DASH.encode() + b"[^\n]+\n\n")


class Observation(StrEnum):
    """What became of a head that the witness was shown."""

    WRITTEN = "written"
    # The newest checkpoint already says the same.
    UNCHANGED = "unchanged"
    # A larger head is signed already: another process was quicker, or the database was rolled back.
    BEHIND = "behind"
    # The same size is signed already with another root: history was rewritten, and nothing is signed. Raise the alarm.
    CONFLICT = "conflict"


class Witness:
    """Keeps every checkpoint of one log in ``folder`` (0700) as one append-only file (0600), for several processes.

    A checkpoint is due after ``every_entries`` entries noted here or ``every_seconds`` since the last one,
    whichever is first, if anything was noted at all.
    """

    def __init__(
        self,
        folder: Path,
        signer: CheckpointSigner,
        clock: Callable[[], datetime],
        *,
        every_entries: int = 64,
        every_seconds: float = 5.0,
    ) -> None:
        self._folder = folder
        self._signer = signer
        self._clock = clock
        self._every_entries = every_entries
        self._every = timedelta(seconds=every_seconds)
        self._turn = threading.Lock()
        self._noted = 0
        # Entries of an earlier process may still wait for their checkpoint, so the first question is always due.
        self._last: datetime | None = None

    def note(self, count: int) -> None:
        """Entries were appended. Only the rhythm depends on this count, so a rollback or a race does no harm."""
        self._noted += count

    def maybe_checkpoint(self, read_head: Callable[[], Frontier], *, force: bool = False) -> Observation | None:
        """Observe the committed head if that is due; None when it isn't, or when another thread is at it already.

        ``read_head`` opens a read transaction of its own. OSError when the file can't be written: the next call
        tries again.
        """
        if not self._turn.acquire(blocking=force):
            return None
        try:
            if not (force or self._due()):
                return None
            noted = self._noted
            head = read_head()
            seen = self.observe(head.size, head.root())
            self._noted, self._last = self._noted - noted, self._clock()
            return seen
        finally:
            self._turn.release()

    def observe(self, size: int, root: bytes) -> Observation:
        """Sign and keep a committed head, unless one as large is kept (c2sp.org/tlog-checkpoint §Signatures)."""
        with self._locked() as file:
            end, newest = self._newest(file)
            if newest is not None and size <= newest.size:
                return _compare(newest, size, root)
            self._append(file, end, (self._signer.sign(size, root) + "\n").encode())
        return Observation.WRITTEN

    def notes(self) -> list[str]:
        """Every kept note, oldest first, unverified. Read them *before* the session that they are checked against."""
        return read_notes(self._folder)

    def latest(self) -> str | None:
        """The newest kept note, unverified; None when there is none yet."""
        kept = self.notes()
        return kept[-1] if kept else None

    def _due(self) -> bool:
        if self._last is None or self._noted >= self._every_entries:
            return True
        return self._noted > 0 and self._clock() - self._last >= self._every

    @contextmanager
    def _locked(self) -> Iterator[int]:
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
        file = os.open(self._folder / FILE_NAME, flags, 0o600)
        try:
            # The lock belongs to this opening of the file, so it holds between threads as well as processes.
            fcntl.flock(file, fcntl.LOCK_EX)
            yield file
        finally:
            os.close(file)

    def _newest(self, file: int) -> tuple[int, Checkpoint | None]:
        """Where the last whole note ends, and the newest checkpoint that carries our signature."""
        size = os.fstat(file).st_size
        for start in (max(0, size - _TAIL), 0):
            tail = os.pread(file, size - start, start)
            ends = [match.end() for match in _END_OF_NOTE.finditer(tail)]
            newest = self._newest_of(tail, ends)
            if start == 0 or newest is not None:
                return start + (ends[-1] if ends else 0), newest
        raise AssertionError("the second round starts at 0")

    def _newest_of(self, tail: bytes, ends: list[int]) -> Checkpoint | None:
        # Notes that don't open are passed over: a forged one with a huge size would silence the witness for ever.
        for note in reversed(_pieces(tail[: ends[-1]].decode(errors="replace")) if ends else []):
            try:
                return self._signer.verifier.open(note)
            except BadNote:
                continue
        return None

    def _append(self, file: int, end: int, note: bytes) -> None:
        # What a crash or a full disk cut off was never acknowledged. It is removed, or it would spoil the next note.
        if os.fstat(file).st_size != end:
            os.ftruncate(file, end)
        if os.write(file, note) != len(note):
            os.ftruncate(file, end)
            raise OSError("the checkpoint could not be written whole: is the disk full?")
        os.fsync(file)
        if end == 0:
            self._sync_folder()

    def _sync_folder(self) -> None:
        # A new file is only durable once its folder is.
        folder = os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def read_notes(folder: Path) -> list[str]:
    """Every note kept in the folder, oldest first, unverified; empty when there is no file.

    A note cut off at the very end was never acknowledged to anybody and is left out; a damaged one in the middle
    is given as it stands, so that the verifier reports it.
    """
    try:
        with (folder / FILE_NAME).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH)
            return _pieces(file.read().decode(errors="replace"))
    except FileNotFoundError:
        return []


def _pieces(text: str) -> list[str]:
    """The notes in the text: each is some text, an empty line, signature lines, and one more empty line."""
    notes = list[str]()
    pending = ""
    for piece in text.split("\n\n")[:-1]:
        if piece.startswith(DASH):
            notes.append(f"{pending}\n\n{piece}\n")
            pending = ""
        elif pending:
            notes.append(pending)
            pending = piece
        else:
            pending = piece
    return notes


def _compare(newest: Checkpoint, size: int, root: bytes) -> Observation:
    if size < newest.size:
        return Observation.BEHIND
    return Observation.UNCHANGED if root == newest.root else Observation.CONFLICT
