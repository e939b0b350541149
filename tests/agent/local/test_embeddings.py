"""The sentence encoder agrees with its reference, is used only when its bytes are the vetted ones, and may be away."""

import json
import struct
import sys
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from agent.local import weights
from agent.local.embeddings import LONGEST, SIZE, VIEWS, Encoder, load_encoder
from agent.local.model import EmbeddedModel
from agent.local.weights import WeightsUnusable, find_weights, read_tensors, read_weights

needs_weights = pytest.mark.skipif(find_weights() is None, reason="the encoder's weights are not installed")


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    made = load_encoder()
    assert made is not None, "the installed weights are not the vetted ones"
    return made


@needs_weights
def test_vectors_agree_with_the_reference(encoder: Encoder) -> None:
    # The model card's own example; sentence-transformers gives 0.6946 and 0.2569 for it.
    person, dog, day = encoder.embed(["That is a happy person", "That is a happy dog", "Today is a sunny day"])
    assert (round(float(person @ dog), 4), round(float(person @ day), 4)) == (0.6946, 0.2569)
    assert person[:4] == pytest.approx([-0.033877, 0.091942, 0.048701, -0.034884], abs=2e-5)


@needs_weights
def test_a_paraphrase_is_closer_than_another_matter(encoder: Encoder) -> None:
    asked = ["where is my parcel", "has my package been delivered yet", "I would like my money back"]
    same, other = encoder.embed(asked)[0] @ encoder.embed(asked)[1:].T
    assert same > other + 0.2


@needs_weights
def test_what_is_read_together_gives_what_is_read_alone(encoder: Encoder) -> None:
    texts = ["hi", "where is it?", "I'd like to return the blue tent that came on Monday", "", "ß" * 300, "你好 world"]
    together = encoder.embed(texts)
    assert together.shape == (len(texts), SIZE)
    for text, vector in zip(texts, together, strict=True):
        assert encoder.embed([text])[0] == pytest.approx(vector, abs=1e-5)
        assert float(np.linalg.norm(vector)) == pytest.approx(1, abs=1e-5)
    assert (encoder.embed(texts) == together).all(), "the same texts must give the same bits"


@needs_weights
def test_every_view_is_of_length_one_and_the_last_is_what_embed_gives(encoder: Encoder) -> None:
    views = encoder.views(["where is my parcel", "cancel it"])
    assert views.shape == (2, len(VIEWS), SIZE)
    assert np.linalg.norm(views, axis=2) == pytest.approx(np.ones((2, len(VIEWS))), abs=1e-5)
    assert (views[:, -1] == encoder.embed(["where is my parcel", "cancel it"])).all()
    assert float(views[0, 0] @ views[0, 1]) < 0.9, "the layers see different things"


@needs_weights
def test_words_are_cut_into_the_longest_known_pieces(encoder: Encoder) -> None:
    known = read_weights(find_weights() or Path()).vocabulary
    pieces = [known[n] for n in encoder.pieces("Unaffable Zelte!")]
    assert pieces == ["[CLS]", "una", "##ffa", "##ble", "ze", "##lt", "##e", "!", "[SEP]"]
    assert [known[n] for n in encoder.pieces("x" * 500)] == ["[CLS]", "[UNK]", "[SEP]"]
    assert len(encoder.pieces("word " * 2_000)) == LONGEST


@needs_weights
def test_the_package_is_data_and_never_imported() -> None:
    load_encoder()
    assert not [name for name in sys.modules if name.startswith(weights.PACKAGE)]


def _folder(tmp_path: Path, content: bytes, vocabulary: bytes = b"[CLS]\n[SEP]\n") -> Path:
    (tmp_path / "model.safetensors").write_bytes(content)
    (tmp_path / "vocab.txt").write_bytes(vocabulary)
    return tmp_path


def _safetensors(**tensors: list[float]) -> bytes:
    header, data = {}, b""
    for name, values in tensors.items():
        start, data = len(data), data + struct.pack(f"<{len(values)}f", *values)
        header[name] = {"dtype": "F32", "shape": [len(values)], "data_offsets": [start, len(data)]}
    head = json.dumps(header).encode()
    return struct.pack("<Q", len(head)) + head + data


def test_a_well_formed_file_is_read(tmp_path: Path) -> None:
    with (_folder(tmp_path, _safetensors(a=[1.0, 2.0], b=[3.0])) / "model.safetensors").open("rb", buffering=0) as file:
        tensors, digest = read_tensors(file)
    assert {name: tensor.tolist() for name, tensor in tensors.items()} == {"a": [1.0, 2.0], "b": [3.0]}
    assert len(digest) == 64


HOLLOW = struct.pack("<Q", 2) + b"{}"


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 7,
        struct.pack("<Q", 2**63) + b"{}",
        struct.pack("<Q", 40) + b"{}",
        struct.pack("<Q", 2) + b"[]",
        HOLLOW + b"more",
        struct.pack("<Q", 4) + b"null",
        _safetensors(a=[1.0])[:-1],
        _safetensors(a=[1.0]) + b"x",
        _safetensors(a=[1.0]).replace(b'"data_offsets": [0, 4]', b'"data_offsets": [4, 0]'),
        _safetensors(a=[1.0]).replace(b'"data_offsets": [0, 4]', b'"data_offsets": [0,-4]'),
        b"\x80\x04\x95 a pickle",
    ],
    ids=range(12),
)
def test_a_file_that_is_no_safetensors_is_refused(tmp_path: Path, content: bytes) -> None:
    with (
        (_folder(tmp_path, content) / "model.safetensors").open("rb", buffering=0) as file,
        pytest.raises(WeightsUnusable),
    ):
        read_tensors(file)


@needs_weights
def test_weights_with_another_hash_are_left_out_and_n_grams_go_on(tmp_path: Path) -> None:
    vetted = find_weights()
    assert vetted is not None
    _folder(tmp_path, _safetensors(a=[1.0]), (vetted / "vocab.txt").read_bytes())
    with pytest.raises(WeightsUnusable, match="SHA-256 differs"):
        read_weights(tmp_path)
    with capture_logs() as told:
        model = EmbeddedModel(find_weights=lambda: tmp_path)
    assert model.voters == ("n-grams",)
    assert model.understand("where is my order").intent == "where_is_order"
    assert ["SHA-256" in line["reason"] for line in told] == [True]


def test_another_vocabulary_is_refused(tmp_path: Path) -> None:
    with pytest.raises(WeightsUnusable, match="vocab.txt"):
        read_weights(_folder(tmp_path, HOLLOW))


@pytest.mark.parametrize("folder", [None, Path("/nonexistent/model")], ids=["not installed", "files gone"])
def test_without_weights_n_grams_understand_alone(folder: Path | None) -> None:
    assert load_encoder(lambda: folder) is None
