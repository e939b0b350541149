"""What was computed from the examples is kept under the hash of all it was made from, and never believed blindly."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from agent.local.heads import KEPT, Heads, kept_heads
from agent.local.likeness import features, index_of
from agent.local.model import EmbeddedModel

ONCE = Heads(
    np.ones((2, 3), np.float32),
    np.zeros((0, 2, 0), np.float32),
    np.zeros((0, 0), np.float32),
    index_of([features(["where", "is"]), features(["cancel"])]),
    ("where", "is", "cancel"),
)


def counting() -> tuple[Callable[[], Heads], list[int]]:
    built: list[int] = []

    def build() -> Heads:
        built.append(1)
        return ONCE

    return build, built


def test_kept_heads_are_used_again_and_others_are_made_anew(tmp_path: Path) -> None:
    build, built = counting()
    kept_heads(tmp_path, ("a",), build, intents=3)
    again = kept_heads(tmp_path, ("a",), build, intents=3)
    assert len(built) == 1
    assert again.index.features == ONCE.index.features and again.vocabulary == ONCE.vocabulary
    assert (again.fit == ONCE.fit).all() and (again.index.rows == ONCE.index.rows).all()
    kept_heads(tmp_path, ("b",), build, intents=3)
    kept_heads(None, ("a",), build, intents=3)
    assert len(built) == 3


def spoilt(tmp_path: Path, **changes: object) -> bytes:
    file = next(tmp_path.glob("heads-*.npz"))
    with np.load(file) as kept:
        arrays = {name: kept[name] for name in kept.files}
    np.savez(tmp_path / "other.npz", **(arrays | changes))  # type: ignore[arg-type]
    return (tmp_path / "other.npz").read_bytes()


@pytest.mark.parametrize(
    "changes",
    [
        {"fit": np.full((2, 3), np.nan, np.float32)},
        {"fit": np.ones((2, 4), np.float32)},
        {"vectors": np.ones((0, 3, 0), np.float32)},
        {"vectors": np.ones((2, 0), np.float32)},
        {"centre": np.ones((3, 384), np.float32)},
        {"rows": np.array([99] * len(ONCE.index.rows), np.int32)},
        {"starts": ONCE.index.starts[::-1]},
        {"idf": ONCE.index.idf[:-1]},
        {"vocabulary": np.array([Path("x")], object)},
        {"features": np.array([255, 254], np.uint8)},
    ],
    ids=[
        "not a number",
        "other intents",
        "other examples",
        "vectors of one view",
        "other centre",
        "row out of range",
        "starts",
        "short",
        "pickled",
        "no text",
    ],
)
def test_a_file_that_does_not_fit_is_made_anew(tmp_path: Path, changes: dict[str, object]) -> None:
    build, built = counting()
    kept_heads(tmp_path, ("a",), build, intents=3)
    next(tmp_path.glob("heads-*.npz")).write_bytes(spoilt(tmp_path, **changes))
    mended = kept_heads(tmp_path, ("a",), build, intents=3)
    assert len(built) == 2 and (mended.fit == ONCE.fit).all()


@pytest.mark.parametrize("content", [b"", b"\x80\x04 not an archive", b"PK\x03\x04"])
def test_a_damaged_file_is_made_anew(tmp_path: Path, content: bytes) -> None:
    build, built = counting()
    kept_heads(tmp_path, ("a",), build, intents=3)
    next(tmp_path.glob("heads-*.npz")).write_bytes(content)
    kept_heads(tmp_path, ("a",), build, intents=3)
    assert len(built) == 2


def test_only_the_newest_few_are_kept_and_nothing_half_written_stays(tmp_path: Path) -> None:
    for number in range(KEPT + 2):
        kept_heads(tmp_path, (number,), lambda: ONCE, intents=3)
    assert len(list(tmp_path.iterdir())) == KEPT


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    assert kept_heads(blocked / "model", ("a",), lambda: ONCE, intents=3) is ONCE


def test_a_model_from_kept_heads_understands_the_same(tmp_path: Path) -> None:
    fresh = EmbeddedModel(cache_folder=tmp_path, with_embeddings=False)
    again = EmbeddedModel(cache_folder=tmp_path, with_embeddings=False)
    for text in ("where is my order", "wo ist mein Paket", "the mug broke, I want my money back"):
        assert fresh.requests(text) == again.requests(text)
