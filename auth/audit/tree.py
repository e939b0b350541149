"""The Merkle tree of RFC 9162: one root hash vouches for every entry under it, and for nothing having been rewritten.

Everything here is arithmetic on 32-byte SHA-256 hashes; nothing reads a clock, a file or a database.
"""

from collections.abc import Iterable, Sequence
from hashlib import sha256

HASH_SIZE = 32
EMPTY_ROOT = sha256(b"").digest()


def leaf_hash(data: bytes) -> bytes:
    """The hash of one entry (RFC 9162 §2.1.1). The 0x00 prefix keeps a leaf from passing for an inner node."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash over two subtrees (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """MTH of RFC 9162 §2.1.1 over leaf hashes in order; the root of no leaves is the hash of nothing."""
    frontier = Frontier()
    for leaf in leaf_hashes:
        frontier.append(leaf)
    return frontier.root()


def inclusion_proof(leaf_hashes: Iterable[bytes], index: int) -> list[bytes]:
    """PATH of RFC 9162 §2.1.3.1, deepest hash first. IndexError when the tree has no such leaf."""
    tree = Tree(leaf_hashes)
    return tree.inclusion(index, tree.size)


def consistency_proof(leaf_hashes: Iterable[bytes], first: int) -> list[bytes]:
    """PROOF of RFC 9162 §2.1.4.1 from the first ``first`` leaves to all of them. IndexError outside the tree."""
    tree = Tree(leaf_hashes)
    return tree.consistency(first, tree.size)


class Frontier:
    """The right edge of a tree: the roots of its perfect subtrees, largest first, one for each 1 bit of ``size``.

    It is all that a writer needs in order to append: 32 bytes times at most log2(size).
    """

    __slots__ = ("_peaks", "size")

    def __init__(self) -> None:
        self.size = 0
        self._peaks: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash; as many merges as ``size`` has trailing 1 bits, one on average."""
        trailing = self.size
        while trailing & 1:
            leaf = sha256(b"\x01" + self._peaks.pop() + leaf).digest()
            trailing >>= 1
        self._peaks.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of the whole tree: the peaks folded from the right (RFC 9162 §2.1.1)."""
        if not self._peaks:
            return EMPTY_ROOT
        folded = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            folded = node_hash(peak, folded)
        return folded

    def to_bytes(self) -> bytes:
        """The peaks, largest first, 32 bytes each. The size is kept beside them and says how many there are."""
        return b"".join(self._peaks)

    @classmethod
    def from_bytes(cls, size: int, peaks: bytes) -> "Frontier":
        """The inverse of :meth:`to_bytes`. ValueError when the peaks can't belong to a tree of that size."""
        if size < 0 or len(peaks) != HASH_SIZE * size.bit_count():
            raise ValueError(f"{len(peaks)} bytes are not the frontier of a tree of {size} leaves")
        frontier = cls()
        frontier.size = size
        frontier._peaks = [peaks[at : at + HASH_SIZE] for at in range(0, len(peaks), HASH_SIZE)]
        return frontier


class Tree:
    """A tree that keeps every node (64 bytes a leaf), so that a root or proof at any past size costs O(log n)."""

    __slots__ = ("_levels", "size")

    def __init__(self, leaf_hashes: Iterable[bytes] = ()) -> None:
        self.size = 0
        self._levels: list[bytearray] = [bytearray()]
        for leaf in leaf_hashes:
            self.append(leaf)

    def append(self, leaf: bytes) -> None:
        """Add one 32-byte leaf hash, and each inner node that it completes. ValueError for any other length."""
        if len(leaf) != HASH_SIZE:
            raise ValueError(f"a leaf hash has {HASH_SIZE} bytes, not {len(leaf)}")
        level, index, node = 0, self.size, leaf
        self.size += 1
        while True:
            row = self._levels[level]
            row += node
            if not index & 1:
                return
            node = sha256(b"\x01" + row[-2 * HASH_SIZE :]).digest()
            level, index = level + 1, index >> 1
            if level == len(self._levels):
                self._levels.append(bytearray())

    def leaf(self, index: int) -> bytes:
        """The leaf hash at ``index``. IndexError outside the tree."""
        _within(0 <= index < self.size)
        return self._perfect(index, 1)

    def root(self, size: int) -> bytes:
        """The root as it was when the tree had ``size`` leaves. IndexError when it never had so many."""
        _within(0 <= size <= self.size)
        return self._range(0, size) if size else EMPTY_ROOT

    def frontier(self, size: int) -> Frontier:
        """The frontier as it was when the tree had ``size`` leaves. IndexError when it never had so many."""
        _within(0 <= size <= self.size)
        low, peaks = 0, list[bytes]()
        for bit in range(size.bit_length() - 1, -1, -1):
            if size >> bit & 1:
                peaks.append(self._perfect(low, 1 << bit))
                low += 1 << bit
        return Frontier.from_bytes(size, b"".join(peaks))

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """PATH(index, D_size) of RFC 9162 §2.1.3.1, deepest hash first. IndexError outside the tree."""
        _within(0 <= index < size <= self.size)
        low, high, path = 0, size, list[bytes]()
        while high - low > 1:
            middle = low + _split(high - low)
            if index < middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        return path[::-1]

    def consistency(self, first: int, second: int) -> list[bytes]:
        """PROOF(first, D_second) of RFC 9162 §2.1.4.1; empty when first is 0 or equals second. IndexError outside."""
        _within(0 <= first <= second <= self.size)
        if first in (0, second):
            return []
        low, high, path = 0, second, list[bytes]()
        while high != first:
            middle = low + _split(high - low)
            if first <= middle:
                path.append(self._range(middle, high))
                high = middle
            else:
                path.append(self._range(low, middle))
                low = middle
        # SUBPROOF(m, D_m, true) is empty: the verifier already holds that root. Elsewhere the subtree is told.
        return ([self._range(low, high)] if low else []) + path[::-1]

    def _range(self, low: int, high: int) -> bytes:
        width = high - low
        if width & (width - 1) == 0:
            return self._perfect(low, width)
        middle = low + _split(width)
        return node_hash(self._perfect(low, middle - low), self._range(middle, high))

    def _perfect(self, low: int, width: int) -> bytes:
        at = low // width * HASH_SIZE
        return bytes(self._levels[width.bit_length() - 1][at : at + HASH_SIZE])


def verify_inclusion(leaf: bytes, index: int, size: int, path: Sequence[bytes], root_hash: bytes) -> bool:
    """Whether the path leads from the leaf hash at ``index`` to the root of ``size`` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    low, high, folded = index, size - 1, leaf
    for step in path:
        if high == 0:
            return False
        if low & 1 or low == high:
            folded = node_hash(step, folded)
            low, high = _climb_left(low, high)
        else:
            folded = node_hash(folded, step)
        low, high = low >> 1, high >> 1
    return high == 0 and folded == root_hash


def verify_consistency(first: int, second: int, proof: Sequence[bytes], first_root: bytes, second_root: bytes) -> bool:
    """Whether the tree of ``second`` leaves begins with the tree of ``first`` leaves (RFC 9162 §2.1.4.2)."""
    if first == 0 and second >= 0:
        return not proof and first_root == EMPTY_ROOT
    if first == second:
        return not proof and first_root == second_root
    if not 0 < first < second or not proof:
        return False
    steps = list(proof)
    if first & (first - 1) == 0:
        steps.insert(0, first_root)
    return _fold_both(first - 1, second - 1, steps) == (first_root, second_root)


def _fold_both(low: int, high: int, steps: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    # Steps 3 to 7 of RFC 9162 §2.1.4.2: one walk up the tree recomputes the old root and the new one.
    while low & 1:
        low, high = low >> 1, high >> 1
    old = new = steps[0]
    for step in steps[1:]:
        if high == 0:
            return None
        if low & 1 or low == high:
            old, new = node_hash(step, old), node_hash(step, new)
            low, high = _climb_left(low, high)
        else:
            new = node_hash(new, step)
        low, high = low >> 1, high >> 1
    return (old, new) if high == 0 else None


def _climb_left(low: int, high: int) -> tuple[int, int]:
    # On the right edge several levels may have no sibling: they are skipped until this node is a right child.
    while low and not low & 1:
        low, high = low >> 1, high >> 1
    return low, high


def _split(width: int) -> int:
    """The largest power of two smaller than ``width`` (k of RFC 9162 §2.1.1)."""
    return 1 << (width - 1).bit_length() - 1


def _within(holds: bool) -> None:
    if not holds:
        raise IndexError("the tree has never had that many leaves")
