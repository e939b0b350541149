"""Checkpoints are read by other people's tools, so their bytes are checked by hand and against Go's test vector."""

import base64
from hashlib import sha256

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auth.audit import BadNote, Checkpoint, CheckpointSigner, CheckpointVerifier

ROOT = sha256(b"root").digest()
# golang.org/x/mod/sumdb/note, note_test.go.
VKEY = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SEED = base64.b64decode("AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz")[1:]
TEXT = "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n"
NOTE = (
    TEXT + "\n— PeterNeumann "
    "x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n"
)


def test_the_vector_of_the_go_implementation() -> None:
    signer = CheckpointSigner(Ed25519PrivateKey.from_private_bytes(SEED), "PeterNeumann")
    assert signer.verifier.vkey == VKEY
    assert signer.sign_text(TEXT) == NOTE
    assert CheckpointVerifier.from_vkey(VKEY).signed_text(NOTE) == TEXT


def test_a_checkpoint_byte_by_byte(signer: CheckpointSigner) -> None:
    origin, size, root, empty, line, end = signer.sign(42, ROOT).split("\n")
    assert (origin, size, root, empty, end) == ("shop.example/audit", "42", base64.b64encode(ROOT).decode(), "", "")
    dash, name, encoded = line.split(" ")
    raw = base64.b64decode(encoded)
    key = Ed25519PrivateKey.from_private_bytes(bytes(range(32))).public_key().public_bytes_raw()
    assert (dash, name) == ("—", "shop.example/audit")
    assert raw[:4] == sha256(b"shop.example/audit\n\x01" + key).digest()[:4]
    Ed25519PublicKey.from_public_bytes(key).verify(raw[4:], f"{origin}\n{size}\n{root}\n".encode())


def test_a_signed_checkpoint_opens(signer: CheckpointSigner) -> None:
    verifier = CheckpointVerifier.from_vkey(signer.verifier.vkey)
    assert verifier.open(signer.sign(42, ROOT)) == Checkpoint("shop.example/audit", 42, ROOT)
    assert verifier.open(signer.sign(0, ROOT)).size == 0


def test_signatures_of_strangers_are_ignored(signer: CheckpointSigner) -> None:
    stranger = CheckpointSigner(Ed25519PrivateKey.generate(), "witness.example")
    cosigned = signer.sign(42, ROOT) + stranger.sign(42, ROOT).split("\n\n")[1]
    assert signer.verifier.open(cosigned).size == 42
    namesake = CheckpointSigner(Ed25519PrivateKey.generate(), "shop.example/audit")
    with pytest.raises(BadNote, match="no signature of"):
        signer.verifier.open(namesake.sign(42, ROOT))


def test_one_failing_signature_of_ours_spoils_the_note(signer: CheckpointSigner) -> None:
    wrong = signer.sign(43, ROOT).split("\n\n")[1]
    with pytest.raises(BadNote, match="does not verify"):
        signer.verifier.open(signer.sign(42, ROOT) + wrong)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("42", "43"),
        ("shop.example/audit\n", "shop.example/other\n"),
        ("\n\n", "\n"),
        ("— ", "- "),
        ("\n42\n", "\n42\r\n"),
        ("=\n\n", "=\nextension\n\n"),
    ],
)
def test_a_changed_note_does_not_open(signer: CheckpointSigner, was: str, becomes: str) -> None:
    note = signer.sign(42, ROOT)
    with pytest.raises(BadNote):
        signer.verifier.open(note.replace(was, becomes, 1))


@pytest.mark.parametrize("text", ["", "x", "\n\n", "— \n\n— \n", "a\n1\nb\n\n— shop.example/audit ???\n"])
def test_what_is_no_note_does_not_open(signer: CheckpointSigner, text: str) -> None:
    with pytest.raises(BadNote):
        signer.verifier.open(text)


@pytest.mark.parametrize("size", ["042", "-1", "+1", " 1", "1e3", "٤٢", "", "9" * 20])
def test_a_signed_text_that_is_no_checkpoint_does_not_open(signer: CheckpointSigner, size: str) -> None:
    text = f"shop.example/audit\n{size}\n{base64.b64encode(ROOT).decode()}\n"
    with pytest.raises(BadNote):
        signer.verifier.open(signer.sign_text(text))


@pytest.mark.parametrize(
    "lines", ["shop.example/audit\n1\nAAAA\n", "other\n1\n{root}\n", "a\n1\n", "a\n1\n{root}\nx\n"]
)
def test_a_signed_text_of_another_shape_does_not_open(signer: CheckpointSigner, lines: str) -> None:
    with pytest.raises(BadNote):
        signer.verifier.open(signer.sign_text(lines.format(root=base64.b64encode(ROOT).decode())))


@pytest.mark.parametrize("name", ["", "two words", "a+b", "a\nb", "x" * 201])
def test_names_that_would_make_a_note_ambiguous_are_refused(name: str) -> None:
    with pytest.raises(ValueError, match="can't name a log"):
        CheckpointSigner(Ed25519PrivateKey.generate(), name)


@pytest.mark.parametrize("vkey", [VKEY.replace("c7", "c8"), VKEY[:-4], VKEY.replace("+AR", "+ZR"), "nonsense"])
def test_a_damaged_verifier_key_is_refused(vkey: str) -> None:
    with pytest.raises(ValueError):
        CheckpointVerifier.from_vkey(vkey)


def test_the_signer_refuses_nonsense(signer: CheckpointSigner) -> None:
    for size, root in ((-1, ROOT), (1, b"short")):
        with pytest.raises(ValueError):
            signer.sign(size, root)
