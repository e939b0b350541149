"""The key provider for one machine: a JSON file that only its owner can read, made on first boot.

The file is replaced in one step and changed under a lock on its folder, so a crash leaves the old file or the new one
and two processes never overwrite each other's keys. A running shop notices a rotation made by another process.
"""

import base64
import fcntl
import json
import os
import stat
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from auth.vault.envelope import KeyMissing, Tampered, VaultError

_KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
_FORMAT: Final = 1


class KeyFileUnusable(VaultError):
    """The key file is readable by others, damaged, or cannot be written; the sentence says what to do."""


@dataclass(frozen=True, slots=True, repr=False)
class _Keys:
    current: str
    keks: Mapping[str, bytes]
    index_key: bytes
    root: bytes


_Stamp = tuple[int, int, int]


@dataclass(frozen=True, slots=True, repr=False)
class _Loaded:
    """The file as read last, how to tell that it changed, and the KEKs of the reading before."""

    keys: _Keys
    stamp: _Stamp
    before: Mapping[str, bytes]


class LocalKeyFile:
    """A :class:`~auth.vault.KeyProvider` in a file of mode 0600; made with fresh random keys when it is not there."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.Lock()
        with _folder_lock(path):
            if not path.exists():
                _write(path, _first_keys())
        keys, stamp = _read(path)
        self._loaded = _Loaded(keys, stamp, {})

    def current(self) -> str:
        """The current KEK; the file is read again when it changed, so no key is wrapped with a retired KEK."""
        return self._fresh().current

    def held(self) -> frozenset[str]:
        """All KEKs in the file."""
        return frozenset(self._fresh().keks)

    def wrap(self, kek_id: str, dek: bytes, aad: bytes) -> bytes:
        """Nonce, then the data key under AES-256-GCM."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + AESGCM(self._kek(kek_id)).encrypt(nonce, dek, aad)

    def unwrap(self, kek_id: str, wrapped: bytes, aad: bytes) -> bytes:
        """The data key; :class:`KeyMissing` for an unknown KEK, :class:`Tampered` when it does not open."""
        kek = self._kek(kek_id)
        try:
            return AESGCM(kek).decrypt(wrapped[:_NONCE_BYTES], wrapped[_NONCE_BYTES:], aad)
        except (InvalidTag, ValueError) as error:
            raise Tampered(f"a data key does not open under key-encryption key {kek_id}") from error

    def rotate(self) -> str:
        """Add a random KEK to the file and make it the current one."""
        with self._changing() as keys:
            kek_id = _next_kek_id(keys.keks)
            self._save(replace(keys, current=kek_id, keks={**keys.keks, kek_id: os.urandom(_KEY_BYTES)}))
        return kek_id

    def retire(self, kek_id: str) -> None:
        """Take an old KEK out of the file; what is still wrapped with it is lost, so ask the database first."""
        with self._changing() as keys:
            if kek_id == keys.current:
                raise ValueError(f"{kek_id} is the current key-encryption key: rotate before retiring it")
            self._save(replace(keys, keks={name: key for name, key in keys.keks.items() if name != kek_id}))

    def index_key(self) -> bytes:
        """The blind-index key."""
        return self._loaded.keys.index_key

    def derive(self, purpose: str) -> bytes:
        """HKDF-SHA256 (RFC 5869) from the root secret, with the purpose as ``info``."""
        info = b"countersign " + purpose.encode()
        return HKDF(algorithm=SHA256(), length=_KEY_BYTES, salt=None, info=info).derive(self._loaded.keys.root)

    def _kek(self, kek_id: str) -> bytes:
        kek = self._loaded.keys.keks.get(kek_id) or self._fresh().keks.get(kek_id)
        # A session may have read its row just before the row was re-wrapped and the KEK retired.
        kek = kek or self._loaded.before.get(kek_id)
        if kek is None:
            raise KeyMissing(f"key-encryption key {kek_id} is not in {self.path}")
        return kek

    def _fresh(self) -> _Keys:
        if _stamp_of(self.path) != self._loaded.stamp:
            with self._lock:
                self._reload()
        return self._loaded.keys

    def _reload(self) -> None:
        keys, stamp = _read(self.path)
        if stamp != self._loaded.stamp:
            self._loaded = _Loaded(keys, stamp, self._loaded.keys.keks)

    @contextmanager
    def _changing(self) -> Iterator[_Keys]:
        with self._lock, _folder_lock(self.path):
            self._reload()
            yield self._loaded.keys

    def _save(self, keys: _Keys) -> None:
        _write(self.path, keys)
        self._reload()


def _first_keys() -> _Keys:
    kek_id = _next_kek_id(())
    return _Keys(kek_id, {kek_id: os.urandom(_KEY_BYTES)}, os.urandom(_KEY_BYTES), os.urandom(_KEY_BYTES))


def _next_kek_id(taken: Iterable[str]) -> str:
    # The number tells a person which key is newer; the random part keeps ids of two key files apart.
    newest = max((int(kek_id.split("-")[1]) for kek_id in taken), default=0)
    return f"kek-{newest + 1:04d}-{os.urandom(4).hex()}"


def _stamp_of(path: Path) -> _Stamp:
    try:
        found = path.stat()
    except OSError as error:
        raise KeyFileUnusable(f"the key file {path} cannot be read: {error.strerror}") from error
    return found.st_ino, found.st_mtime_ns, found.st_size


def _read(path: Path) -> tuple[_Keys, _Stamp]:
    try:
        with path.open("rb") as file:
            found = os.fstat(file.fileno())
            _refuse_open_file(path, found.st_mode)
            return _decode(path, file.read()), (found.st_ino, found.st_mtime_ns, found.st_size)
    except OSError as error:
        raise KeyFileUnusable(f"the key file {path} cannot be read: {error.strerror}") from error


def _refuse_open_file(path: Path, mode: int) -> None:
    if stat.S_IMODE(mode) & 0o077:
        raise KeyFileUnusable(
            f"the key file {path} is open to other users (mode {stat.S_IMODE(mode):04o}): chmod 600 it"
        )


def _decode(path: Path, content: bytes) -> _Keys:
    try:
        stored: dict[str, Any] = json.loads(content)
        if stored["format"] != _FORMAT:
            raise ValueError("unknown format")
        keks = {str(kek_id): _secret(text) for kek_id, text in stored["keks"].items()}
        keys = _Keys(stored["current"], keks, _secret(stored["index_key"]), _secret(stored["root"]))
        keks[keys.current]
    except (ValueError, KeyError, TypeError, AttributeError):
        # The cause is left out on purpose: a parser's message quotes what it could not parse.
        raise KeyFileUnusable(f"the key file {path} is damaged: restore it from a backup") from None
    return keys


def _secret(text: str) -> bytes:
    secret = base64.b64decode(text, validate=True)
    if len(secret) != _KEY_BYTES:
        raise ValueError("a key has the wrong length")
    return secret


def _write(path: Path, keys: _Keys) -> None:
    def shown(secret: bytes) -> str:
        return base64.b64encode(secret).decode("ascii")

    content = {
        "format": _FORMAT,
        "current": keys.current,
        "keks": {kek_id: shown(kek) for kek_id, kek in keys.keks.items()},
        "index_key": shown(keys.index_key),
        "root": shown(keys.root),
    }
    try:
        _replace(path, json.dumps(content, indent=2).encode())
    except OSError as error:
        raise KeyFileUnusable(f"the key file {path} cannot be written: {error.strerror}") from error


def _replace(path: Path, content: bytes) -> None:
    """Write beside the file, force it to the disk, then rename: a crash leaves a whole file, old or new."""
    fresh = path.with_name(f".{path.name}.{os.urandom(6).hex()}")
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
    except BaseException:
        fresh.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _folder_lock(path: Path) -> Iterator[None]:
    """One writer at a time, across threads and processes; the lock ends with the process that holds it."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(path.parent, os.O_RDONLY)
    except OSError as error:
        raise KeyFileUnusable(f"the folder of the key file {path} cannot be used: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
