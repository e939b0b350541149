"""Passwords: which ones are accepted, and how one is kept so that the table of hashes helps nobody.

Hashing is Argon2id (RFC 9106) with the floor of the OWASP Password Storage Cheat Sheet; acceptance follows
NIST SP 800-63B-4 §3.1.1.2: length and a blocklist, and no rules about which characters must occur.
"""

import re
import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from threading import BoundedSemaphore

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from zxcvbn.frequency_lists import FREQUENCY_LISTS  # type: ignore[import-untyped]

SHORTEST = 15
SHORTEST_WITH_SECOND_FACTOR = 8
LONGEST = 256

_COMMON = frozenset(FREQUENCY_LISTS["passwords"])
_PARAMETERS = re.compile(r"\$argon2id\$v=19\$m=(\d{1,9}),t=(\d{1,6}),p=(\d{1,4})\$")
_SALT_BYTES = 16
_HASH_BYTES = 32


@dataclass(frozen=True, slots=True)
class Argon2Cost:
    """What one hash costs: memory in KiB, passes over it, and lanes. The default takes about 20 ms."""

    memory_kib: int = 19456
    iterations: int = 2
    lanes: int = 1


@dataclass(frozen=True, slots=True)
class Match:
    """The password is right. ``needs_rehash`` says that the stored hash was made at another cost."""

    needs_rehash: bool


@dataclass(frozen=True, slots=True)
class NoMatch:
    """The password is wrong, or there is none to compare with; the two take the same work."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """The password may be used."""


@dataclass(frozen=True, slots=True)
class Rejected:
    """The password may not be used; ``reason`` is a sentence for the person who chose it."""

    reason: str


class PasswordHasher:
    """Makes and checks PHC strings, at most ``concurrency`` at a time.

    Memory times concurrency is what an attacker can make the server allocate, so the number is bounded here and not
    left to the number of request threads; further callers wait.
    """

    def __init__(self, cost: Argon2Cost | None = None, *, concurrency: int = 2) -> None:
        self.cost = cost or Argon2Cost()
        self._slots = BoundedSemaphore(concurrency)
        # An account that does not exist, or has no password yet, is checked against this hash of a random password,
        # so that the time of an answer does not tell which addresses have an account.
        self._dummy = self.hash(secrets.token_urlsafe(24))

    def hash(self, password: str) -> str:
        """The password as a PHC string (``$argon2id$v=19$m=…,t=…,p=…$salt$hash``) with a fresh 128-bit salt."""
        kdf = Argon2id(
            salt=secrets.token_bytes(_SALT_BYTES),
            length=_HASH_BYTES,
            iterations=self.cost.iterations,
            lanes=self.cost.lanes,
            memory_cost=self.cost.memory_kib,
        )
        with self._slots:
            return kdf.derive_phc_encoded(_bytes(password))

    def verify(self, encoded: str | None, password: str) -> Match | NoMatch:
        """Whether the password belongs to the PHC string; ``None`` costs as much as a wrong password."""
        with self._slots:
            try:
                Argon2id.verify_phc_encoded(_bytes(password), encoded or self._dummy)
            except InvalidKey:
                return NoMatch()
        return NoMatch() if encoded is None else Match(self._is_stale(encoded))

    def _is_stale(self, encoded: str) -> bool:
        found = _PARAMETERS.match(encoded)
        cost = (self.cost.memory_kib, self.cost.iterations, self.cost.lanes)
        return found is None or tuple(map(int, found.groups())) != cost


def normalised(password: str) -> str:
    """The password in Unicode form NFKC, so that it is the same from every keyboard (UAX #15)."""
    return unicodedata.normalize("NFKC", password)


def judge_password(password: str, *, has_second_factor: bool, context: Iterable[str] = ()) -> Accepted | Rejected:
    """Whether a new password may be used (NIST SP 800-63B-4 §3.1.1.2).

    ``context`` holds words an attacker would try first for this account: the shop's name, the person's name, the
    e-mail address. Length is counted in code points after normalisation.
    """
    password = normalised(password)
    shortest = SHORTEST_WITH_SECOND_FACTOR if has_second_factor else SHORTEST
    if len(password) < shortest:
        return Rejected(f"Use at least {shortest} characters. A few words in a row are easy to remember.")
    if len(password) > LONGEST:
        return Rejected(f"Use at most {LONGEST} characters.")
    if not password.isprintable():
        return Rejected("Leave out characters that can't be seen, such as line breaks.")
    if _is_expected(password, context):
        return Rejected("That password is among the first that attackers try. Choose one that is your own.")
    return Accepted()


def _is_expected(password: str, context: Iterable[str]) -> bool:
    folded = password.casefold()
    known = _COMMON | {word for text in context for word in _words(text)}
    # The whole password is compared, as the clause asks; so are the word inside "word123!" and the one inside
    # "wordwordword", because a length rule alone makes people pad and repeat.
    for candidate in (folded, _bare(folded), _unit(folded), _bare(_unit(folded)), _unit(_bare(folded))):
        if candidate in known or len(set(candidate)) <= 2:
            return True
    return False


def _words(text: str) -> set[str]:
    folded = normalised(text).casefold().strip()
    parts = {part for part in re.split(r"[\W_]+", folded) if len(part) >= 3}
    local = folded.partition("@")[0]
    joined = re.sub(r"[\W_]+", "", local)
    return {word for word in parts | {folded, local, joined} if len(word) >= 3}


def _bare(text: str) -> str:
    return re.sub(r"^[\W\d_]+|[\W\d_]+$", "", text) or text


def _unit(text: str) -> str:
    """The shortest piece that gives the text when repeated: ``abcabc`` gives ``abc``."""
    at = (text + text).find(text, 1)
    return text[:at]


def _bytes(password: str) -> bytes:
    # A lone surrogate can't be encoded; it can't be in an accepted password either (it is not printable).
    return normalised(password)[: LONGEST + 1].encode("utf-8", "replace")
