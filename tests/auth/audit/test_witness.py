"""The file outside the database: complete notes only, growing only, for several writers at once."""

import multiprocessing
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from auth.audit import CheckpointSigner, Observation, Witness, read_notes
from auth.audit.tree import Frontier, leaf_hash
from auth.audit.witness import FILE_NAME
from tests.auth.audit.conftest import HOUSE, Clock, House


def root_of(size: int) -> bytes:
    return leaf_hash(str(size).encode())


@pytest.fixture
def witness(tmp_path: Path, signer: CheckpointSigner, clock: Clock) -> Witness:
    return Witness(tmp_path / "w", signer, clock)


def sizes(folder: Path) -> list[int]:
    return [int(note.split("\n")[1]) for note in read_notes(folder)]


def test_every_checkpoint_is_kept(witness: Witness, tmp_path: Path, signer: CheckpointSigner) -> None:
    for size in (1, 5, 900):
        assert witness.observe(size, root_of(size)) is Observation.WRITTEN
    opened = [signer.verifier.open(note) for note in witness.notes()]
    assert [(seen.size, seen.root) for seen in opened] == [(size, root_of(size)) for size in (1, 5, 900)]
    assert witness.latest() == witness.notes()[-1]


def test_what_is_signed_already_is_not_signed_again(witness: Witness, tmp_path: Path) -> None:
    witness.observe(5, root_of(5))
    assert witness.observe(5, root_of(5)) is Observation.UNCHANGED
    assert witness.observe(4, root_of(4)) is Observation.BEHIND
    assert witness.observe(5, root_of(6)) is Observation.CONFLICT
    assert sizes(tmp_path / "w") == [5]


def test_only_the_owner_may_read_and_write(witness: Witness, tmp_path: Path) -> None:
    witness.observe(1, root_of(1))
    assert stat.S_IMODE((tmp_path / "w").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "w" / FILE_NAME).stat().st_mode) == 0o600


def test_no_file_is_no_notes(witness: Witness, tmp_path: Path) -> None:
    assert witness.notes() == []
    assert witness.latest() is None


@pytest.mark.parametrize("kept", [3, 20, 60, 80, 120, 160, -1, -2])
def test_a_note_cut_off_by_a_crash_is_left_out_and_replaced(witness: Witness, tmp_path: Path, kept: int) -> None:
    witness.observe(1, root_of(1))
    path = tmp_path / "w" / FILE_NAME
    whole = path.read_bytes()
    witness.observe(2, root_of(2))
    path.write_bytes(whole + path.read_bytes()[len(whole) :][:kept])
    assert sizes(tmp_path / "w") == [1]
    witness.observe(3, root_of(3))
    assert sizes(tmp_path / "w") == [1, 3]


def test_a_full_disk_leaves_no_half_note(witness: Witness, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    witness.observe(1, root_of(1))
    real: Callable[[int, bytes], int] = os.write
    with monkeypatch.context() as disk:
        disk.setattr(os, "write", lambda file, data: real(file, data[:50]))
        with pytest.raises(OSError, match="disk full"):
            witness.observe(2, root_of(2))
    assert sizes(tmp_path / "w") == [1]
    assert witness.observe(2, root_of(2)) is Observation.WRITTEN


def test_a_forged_note_does_not_silence_the_witness(witness: Witness, tmp_path: Path) -> None:
    witness.observe(1, root_of(1))
    forger = CheckpointSigner(Ed25519PrivateKey.generate(), "shop.example/audit")
    with (tmp_path / "w" / FILE_NAME).open("a") as file:
        for _ in range(60):  # More than the witness reads of the end at first.
            file.write(forger.sign(10**17, root_of(0)) + "\n")
    assert witness.observe(2, root_of(2)) is Observation.WRITTEN
    assert witness.observe(2, root_of(2)) is Observation.UNCHANGED


def test_a_link_in_place_of_the_file_is_refused(witness: Witness, tmp_path: Path) -> None:
    (tmp_path / "w").mkdir()
    (tmp_path / "w" / FILE_NAME).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError):
        witness.observe(1, root_of(1))


def write_many(folder: Path, start: int) -> None:
    signer = CheckpointSigner(Ed25519PrivateKey.from_private_bytes(bytes(range(32))), "shop.example/audit")
    witness = Witness(folder, signer, Clock())
    for size in range(start, 120, 2):
        witness.observe(size, root_of(size))


def test_two_processes_never_write_a_smaller_size_after_a_larger(tmp_path: Path, signer: CheckpointSigner) -> None:
    fork = multiprocessing.get_context("fork")
    writers = [fork.Process(target=write_many, args=(tmp_path / "w", start)) for start in (1, 2)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()
    written = [signer.verifier.open(note).size for note in read_notes(tmp_path / "w")]
    assert written == sorted(set(written))
    assert written[-1] == 119


def test_the_rhythm(witness: Witness, clock: Clock) -> None:
    head, reads = Frontier(), list[int]()

    def read_head() -> Frontier:
        reads.append(head.size)
        return head

    def appended(count: int) -> Observation | None:
        for _ in range(count):
            head.append(root_of(head.size))
        witness.note(count)
        return witness.maybe_checkpoint(read_head)

    assert appended(1) is Observation.WRITTEN  # The first question after a start is always due.
    assert appended(63) is None
    assert appended(1) is Observation.WRITTEN
    assert appended(1) is None
    clock.push(5)
    assert witness.maybe_checkpoint(read_head) is Observation.WRITTEN
    clock.push(60)
    assert witness.maybe_checkpoint(read_head) is None
    assert witness.maybe_checkpoint(read_head, force=True) is Observation.UNCHANGED
    assert reads == [1, 65, 66, 66]


def test_only_what_is_committed_is_signed(house: House) -> None:
    house.fill(3)
    with house.database.begin(HOUSE) as session:
        house.log.append(session, [house.event()])
        house.checkpoint()
    assert sizes(house.folder) == [3]
    house.checkpoint()
    assert sizes(house.folder) == [3, 4]


def test_a_log_without_a_witness_asks_for_nothing(house: House) -> None:
    house.log = type(house.log)(witness=None)
    house.fill(1)
    house.checkpoint()
    assert not house.folder.exists()
