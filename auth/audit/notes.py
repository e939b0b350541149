"""Checkpoints as C2SP signed notes: the size and root of the log, signed, in text that any transparency tool reads.

Sources: https://c2sp.org/signed-note (§Format, §Signatures, §Ed25519 signatures) and https://c2sp.org/tlog-checkpoint.
"""

import base64
import binascii
import re
from dataclasses import dataclass
from hashlib import sha256

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from auth.audit.tree import HASH_SIZE

ED25519 = b"\x01"  # The signature type identifier byte of c2sp.org/signed-note §Signature types.
DASH = "— "
_SIZE = re.compile(r"0|[1-9][0-9]{0,18}")
_NAME = re.compile(r"[^\s+\x00-\x1f]{1,200}")
_CONTROL = re.compile(r"[\x00-\x09\x0b-\x1f]")
_MOST_SIGNATURES = 16


class BadNote(ValueError):
    """The text is not a checkpoint of this log signed by this key; the message says which part fails."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was signed: which log (``origin``), how many entries (``size``), and the 32-byte ``root`` over them."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """The note text of c2sp.org/tlog-checkpoint: three lines and no extension lines."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


class CheckpointVerifier:
    """Opens notes that one Ed25519 key has signed under one origin, and no others."""

    def __init__(self, key: Ed25519PublicKey, origin: str) -> None:
        """ValueError when the origin can't be a key name: empty, with a space or plus sign, or over 200 characters."""
        if not _NAME.fullmatch(origin):
            raise ValueError(f"{origin!r} can't name a log: use something like example.com/audit")
        self.origin = origin
        self._key = key
        self.key_id = sha256(origin.encode() + b"\n" + ED25519 + key.public_bytes_raw()).digest()[:4]

    @property
    def vkey(self) -> str:
        """The verifier key as one line, ``name+key id in hex+base64(type, public key)``: safe to publish."""
        encoded = base64.b64encode(ED25519 + self._key.public_bytes_raw()).decode()
        return f"{self.origin}+{self.key_id.hex()}+{encoded}"

    @classmethod
    def from_vkey(cls, vkey: str) -> "CheckpointVerifier":
        """The inverse of :attr:`vkey`. ValueError when it is not the verifier key of an Ed25519 key."""
        name, _, rest = vkey.partition("+")
        key_id, _, encoded = rest.partition("+")
        material = _decoded(encoded, "the verifier key")
        if material[:1] != ED25519 or len(material) != 33:
            raise ValueError("the verifier key is not an Ed25519 key")
        verifier = cls(Ed25519PublicKey.from_public_bytes(material[1:]), name)
        if verifier.key_id.hex() != key_id:
            raise ValueError("the verifier key's id does not fit its name and key")
        return verifier

    def open(self, note: str) -> Checkpoint:
        """The checkpoint in a signed note. BadNote unless this key signed it for this origin."""
        text = self.signed_text(note)
        checkpoint = _read(text)
        if checkpoint.origin != self.origin:
            raise BadNote(f"it is a checkpoint of {checkpoint.origin!r}, not of {self.origin!r}")
        return checkpoint

    def signed_text(self, note: str) -> str:
        """The text of any signed note (§Signatures): lines of unknown keys are ignored, a failing known one is not."""
        text, ours = self._split(note)
        if not ours:
            raise BadNote(f"it carries no signature of {self.origin}+{self.key_id.hex()}")
        for signature in ours:
            try:
                self._key.verify(signature, text.encode())
            except InvalidSignature:
                raise BadNote("its signature does not verify") from None
        return text

    def _split(self, note: str) -> tuple[str, list[bytes]]:
        # The text is separated from its signatures by the last empty line of the note.
        text, gap, tail = note.rpartition("\n\n")
        if not gap or not tail.endswith("\n") or _CONTROL.search(note):
            raise BadNote("it is not a signed note: text, an empty line, signature lines")
        lines = tail[:-1].split("\n")
        if len(lines) > _MOST_SIGNATURES:
            raise BadNote(f"it has more than {_MOST_SIGNATURES} signatures")
        signatures = [_signature(line) for line in lines]
        return text + "\n", [raw[4:] for name, raw in signatures if (name, raw[:4]) == (self.origin, self.key_id)]


class CheckpointSigner:
    """Signs checkpoints of one log; the origin is also the name of the key."""

    def __init__(self, key: Ed25519PrivateKey, origin: str) -> None:
        self._key = key
        self.verifier = CheckpointVerifier(key.public_key(), origin)

    def sign(self, size: int, root: bytes) -> str:
        """The signed note, ending in a newline. ValueError for a negative size or a root that isn't 32 bytes."""
        if size < 0 or len(root) != HASH_SIZE:
            raise ValueError("a checkpoint needs a size of 0 or more and a root of 32 bytes")
        return self.sign_text(Checkpoint(self.verifier.origin, size, root).text())

    def sign_text(self, text: str) -> str:
        """A signed note over any text that ends in a newline (c2sp.org/signed-note §Format)."""
        signature = self.verifier.key_id + self._key.sign(text.encode())
        return f"{text}\n{DASH}{self.verifier.origin} {base64.b64encode(signature).decode()}\n"


def _read(text: str) -> Checkpoint:
    lines = text.split("\n")
    if len(lines) != 4 or lines[3] or not lines[0]:
        raise BadNote("it does not have the three lines of a checkpoint")
    if not _SIZE.fullmatch(lines[1]):
        raise BadNote("its tree size is not a plain decimal number")
    root = _decoded(lines[2], "its root hash")
    if len(root) != HASH_SIZE:
        raise BadNote("its root hash does not have 32 bytes")
    return Checkpoint(origin=lines[0], size=int(lines[1]), root=root)


def _signature(line: str) -> tuple[str, bytes]:
    name, _, encoded = line.removeprefix(DASH).partition(" ")
    if not line.startswith(DASH) or not _NAME.fullmatch(name):
        raise BadNote("one of its signature lines is malformed")
    return name, _decoded(encoded, "one of its signatures")


def _decoded(encoded: str, what: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise BadNote(f"{what} is not base64") from None
