"""Where key-encryption keys live: a small interface, so that a key management service can take the file's place."""

from typing import Protocol


class KeyProvider(Protocol):
    """Holds the key-encryption keys (KEK), which wrap data keys (DEK), and two secrets that outlive every rotation.

    A provider raises :class:`~auth.vault.KeyMissing` for a KEK it does not hold, and
    :class:`~auth.vault.Tampered` when a wrapped key does not open with the ``aad`` it was wrapped with.
    """

    def current(self) -> str:
        """The id of the KEK that new data keys are wrapped with, as of now and across processes."""

    def held(self) -> frozenset[str]:
        """The ids of all KEKs that can still unwrap."""

    def wrap(self, kek_id: str, dek: bytes, aad: bytes) -> bytes:
        """Encrypt a data key of 32 bytes."""

    def unwrap(self, kek_id: str, wrapped: bytes, aad: bytes) -> bytes:
        """Decrypt a data key."""

    def rotate(self) -> str:
        """Make a new KEK, make it the current one, keep the old ones; answers with the new id."""

    def retire(self, kek_id: str) -> None:
        """Destroy a KEK that wraps nothing any more; the current one cannot be retired."""

    def index_key(self) -> bytes:
        """The key of the blind index, 32 bytes. It stays when KEKs rotate, or nobody could be found again."""

    def derive(self, purpose: str) -> bytes:
        """A secret of 32 bytes for another use in the house (HKDF, RFC 5869); the same purpose gives the same bytes."""
