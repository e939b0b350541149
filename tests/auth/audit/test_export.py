"""The export can be checked by somebody who has neither our code nor our database."""

import io
import json
from hashlib import sha256

from auth.audit import export
from auth.audit.tree import root
from tests.auth.audit.conftest import HOUSE, House


def exported(house: House, checkpoint: str | None) -> list[dict[str, object]]:
    out = io.StringIO()
    with house.database.read(HOUSE) as session:
        export(session, out, checkpoint=checkpoint)
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_line_can_be_hashed_again_and_leads_to_the_signed_root(house: House) -> None:
    house.fill(30)
    house.checkpoint()
    *lines, last = exported(house, house.witness.latest())
    leaves = list[bytes]()
    for line in lines:
        stated = line.pop("leaf_hash")
        leaf = json.dumps(line, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        leaves.append(sha256(b"\x00" + leaf).digest())
        assert leaves[-1].hex() == stated
    assert last["entries"] == 30
    checkpoint = house.signer.verifier.open(str(last["checkpoint"]))
    assert (checkpoint.size, checkpoint.root) == (30, root(leaves))


def test_an_empty_log_has_its_last_line(house: House) -> None:
    assert exported(house, None) == [{"checkpoint": None, "entries": 0}]


def test_an_unreadable_entry_is_named(house: House) -> None:
    house.fill(3)
    house.sql("UPDATE audit_entries SET at = 'yesterday' WHERE seq = 1", "UPDATE audit_entries SET body = x'00'")
    lines = exported(house, None)[:-1]
    assert [(line["seq"], line["unreadable"]) for line in lines] == [(0, True), (1, True), (2, True)]


def test_progress_is_told(house: House) -> None:
    house.fill(3)
    steps = list[tuple[int, int]]()
    with house.database.read(HOUSE) as session:
        export(session, io.StringIO(), checkpoint=None, progress=lambda *step: steps.append(step))
    assert steps == [(3, 3)]
