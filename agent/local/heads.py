"""What is computed once from the examples, and kept on disk under the hash of all it was made from, without pickle."""

import contextlib
import tempfile
import zipfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

import numpy as np
import numpy.typing as npt

from agent.local.likeness import Floats, Index

KEPT = 3  # files of earlier states that stay, so that going back to one costs nothing
Arrays = Mapping[str, npt.NDArray[np.generic]]


@dataclass(frozen=True, slots=True)
class Heads:
    """The fit, shape (examples, intents); the examples' vectors, shape (views, examples, 384), n-grams and words.

    `centre` is the mean of the vectors, shape (views, 384), which is taken away before likeness is measured: what all
    sentences share tells none of them apart. There are 0 views without an encoder.
    """

    fit: Floats
    vectors: Floats
    centre: Floats
    index: Index
    vocabulary: tuple[str, ...]


def kept_heads(folder: Path | None, made_from: Sequence[object], build: Callable[[], Heads], *, intents: int) -> Heads:
    """The heads kept for exactly this, else fresh ones that are then kept; without a folder always fresh ones."""
    if folder is None:
        return build()
    digest = blake2b(repr((made_from, np.__version__)).encode(), digest_size=16).hexdigest()
    file = folder / f"heads-{digest}.npz"
    if (found := _load(file, intents)) is not None:
        return found
    heads = build()
    # A shop that may not write here computes them anew at each start, and works.
    with contextlib.suppress(OSError):
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder, suffix=".part", delete=False) as part:
            np.savez(part, **_arrays(heads))  # type: ignore[arg-type]
        Path(part.name).replace(file)
        _tidy(folder)
    return heads


def _load(file: Path, intents: int) -> Heads | None:
    """The heads in a file; None when it is missing, damaged, or holds anything but such numbers."""
    try:
        # Without pickle a planted file can at most make us misunderstand; it can't run.
        with np.load(file, allow_pickle=False) as kept:
            heads = _heads({name: kept[name] for name in kept.files})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None
    return heads if _is_sound(heads, intents) else None


def _arrays(heads: Heads) -> dict[str, npt.NDArray[np.generic]]:
    index = heads.index
    numbers = {"idf": index.idf, "starts": index.starts, "rows": index.rows, "values": index.values}
    texts = {"features": _packed(index.features), "vocabulary": _packed(heads.vocabulary)}
    return {"fit": heads.fit, "vectors": heads.vectors, "centre": heads.centre, **numbers, **texts}


def _heads(arrays: Arrays) -> Heads:
    floats = {
        name: arrays[name].astype(np.float32, copy=False) for name in ("fit", "vectors", "centre", "idf", "values")
    }
    starts, rows = (arrays[name].astype(np.int32, copy=False) for name in ("starts", "rows"))
    count = len(floats["fit"])
    index = Index(_unpacked(arrays["features"]), floats["idf"], starts, rows, floats["values"], count)
    return Heads(floats["fit"], floats["vectors"], floats["centre"], index, _unpacked(arrays["vocabulary"]))


def _is_sound(heads: Heads, intents: int) -> bool:
    fit, vectors, centre = heads.fit, heads.vectors, heads.centre
    shapes = fit.ndim == 2 and fit.shape[1] == intents and vectors.ndim == 3 and vectors.shape[1] == len(fit)
    finite = all(np.isfinite(part).all() for part in (fit, vectors, centre))
    return bool(shapes and (vectors.shape[0], vectors.shape[2]) == centre.shape and finite and heads.index.is_sound())


def _packed(texts: Sequence[str]) -> npt.NDArray[np.generic]:
    return np.frombuffer("\n".join(texts).encode(), np.uint8)


def _unpacked(array: npt.NDArray[np.generic]) -> tuple[str, ...]:
    return tuple(array.tobytes().decode().split("\n"))


def _tidy(folder: Path) -> None:
    files = sorted(folder.glob("heads-*.npz"), key=lambda file: file.stat().st_mtime, reverse=True)
    for old in files[KEPT:]:
        old.unlink(missing_ok=True)
