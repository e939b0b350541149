"""What names a person is stored encrypted under that person's own key, and opens only where it was put.

Each account has a data key; a key provider wraps the data keys; a value is bound to its table, column, row and account.
"""

from auth.vault.blind_index import normalise_email
from auth.vault.data_keys import DataKey
from auth.vault.envelope import KeyMissing, Sealed, SealedBytes, Shredded, Tampered, VaultError
from auth.vault.house_keys import HouseKey
from auth.vault.keys import KeyProvider
from auth.vault.local_key_file import KeyFileUnusable, LocalKeyFile
from auth.vault.rotation import RotationReport, rotate_keys
from auth.vault.vault import Vault

__all__ = [
    "DataKey",
    "HouseKey",
    "KeyFileUnusable",
    "KeyMissing",
    "KeyProvider",
    "LocalKeyFile",
    "RotationReport",
    "Sealed",
    "SealedBytes",
    "Shredded",
    "Tampered",
    "Vault",
    "VaultError",
    "normalise_email",
    "rotate_keys",
]
