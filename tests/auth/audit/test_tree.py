"""The tree against a naive reading of RFC 9162 and against the vectors of Certificate Transparency."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.audit.tree import (
    EMPTY_ROOT,
    Frontier,
    Tree,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# certificate-transparency-go, merkle/testonly: eight leaves and the root after each.
LEAVES = [
    bytes.fromhex(leaf)
    for leaf in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
HASHES = [leaf_hash(leaf) for leaf in LEAVES]
sizes = st.integers(min_value=1, max_value=130)


def some_leaves(count: int) -> list[bytes]:
    return [leaf_hash(str(number).encode()) for number in range(count)]


def naive_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 9162 §2.1.1 writes it down."""
    if len(leaves) < 2:
        return leaves[0] if leaves else sha256(b"").digest()
    k = split(len(leaves))
    return sha256(b"\x01" + naive_root(leaves[:k]) + naive_root(leaves[k:])).digest()


def naive_path(index: int, leaves: list[bytes]) -> list[bytes]:
    """PATH as RFC 9162 §2.1.3.1 writes it down."""
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if index < k:
        return [*naive_path(index, leaves[:k]), naive_root(leaves[k:])]
    return [*naive_path(index - k, leaves[k:]), naive_root(leaves[:k])]


def naive_subproof(first: int, leaves: list[bytes], known: bool) -> list[bytes]:
    """SUBPROOF as RFC 9162 §2.1.4.1 writes it down."""
    if first == len(leaves):
        return [] if known else [naive_root(leaves)]
    k = split(len(leaves))
    if first <= k:
        return [*naive_subproof(first, leaves[:k], known), naive_root(leaves[k:])]
    return [*naive_subproof(first - k, leaves[k:], False), naive_root(leaves[:k])]


def split(count: int) -> int:
    k = 1
    while k * 2 < count:
        k *= 2
    return k


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_of_certificate_transparency(size: int) -> None:
    assert root(HASHES[:size]).hex() == ROOTS[size - 1]
    assert Tree(HASHES).root(size).hex() == ROOTS[size - 1]


def test_proofs_of_certificate_transparency() -> None:
    assert [step.hex() for step in consistency_proof(HASHES, 6)] == [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ]
    assert [step.hex() for step in inclusion_proof(HASHES[:3], 2)] == [ROOTS[1]]


def test_no_leaves() -> None:
    assert root([]) == EMPTY_ROOT == sha256(b"").digest() == Tree().root(0)


@given(sizes)
def test_root_and_frontier_agree_with_the_definition(size: int) -> None:
    leaves, frontier = some_leaves(size), Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    again = Frontier.from_bytes(frontier.size, frontier.to_bytes())
    assert root(leaves) == frontier.root() == again.root() == Tree(leaves).root(size) == naive_root(leaves)
    assert Tree([*leaves, *leaves]).frontier(size).to_bytes() == frontier.to_bytes()


@given(st.data(), sizes)
def test_inclusion(data: st.DataObject, size: int) -> None:
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    path = Tree([*leaves, *leaves]).inclusion(index, size)
    assert path == inclusion_proof(leaves, index) == naive_path(index, leaves)
    assert verify_inclusion(leaves[index], index, size, path, naive_root(leaves))
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not verify_inclusion(leaves[index], other, size, path, naive_root(leaves))
    assert not verify_inclusion(leaf_hash(b"another"), index, size, path, naive_root(leaves))
    assert not verify_inclusion(leaves[index], index, size, [*path, leaves[0]], naive_root(leaves))
    assert not path or not verify_inclusion(leaves[index], index, size, path[:-1], naive_root(leaves))


@given(st.data(), sizes)
def test_consistency(data: st.DataObject, second: int) -> None:
    leaves = some_leaves(second)
    first = data.draw(st.integers(1, second))
    proof = Tree([*leaves, *leaves]).consistency(first, second)
    old, new = naive_root(leaves[:first]), naive_root(leaves)
    assert proof == consistency_proof(leaves, first) == naive_subproof(first, leaves, True)
    assert verify_consistency(first, second, proof, old, new)
    forged = leaf_hash(b"forged")
    assert not verify_consistency(first, second, proof, forged, new)
    assert not verify_consistency(first, second, proof, old, forged)
    assert not verify_consistency(first, second, [*proof, forged], old, new)
    assert not proof or not verify_consistency(first, second, proof[:-1], old, new)


def test_consistency_at_the_edges() -> None:
    assert verify_consistency(0, 5, [], EMPTY_ROOT, ROOT_5)
    assert not verify_consistency(0, 5, [ROOT_5], EMPTY_ROOT, ROOT_5)
    assert not verify_consistency(0, 5, [], ROOT_5, ROOT_5)
    assert not verify_consistency(6, 5, [ROOT_5], ROOT_5, ROOT_5)


ROOT_5 = bytes.fromhex(ROOTS[4])


def test_outside_the_tree_is_refused() -> None:
    tree = Tree(HASHES)
    for refused in (
        lambda: tree.root(9),
        lambda: tree.inclusion(8, 8),
        lambda: tree.inclusion(-1, 8),
        lambda: tree.consistency(3, 9),
        lambda: tree.leaf(8),
        lambda: tree.frontier(9),
    ):
        with pytest.raises(IndexError):
            refused()


def test_what_is_not_a_hash_or_a_frontier_is_refused() -> None:
    with pytest.raises(ValueError, match="32 bytes"):
        Tree([b"short"])
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(3, bytes(32))
    with pytest.raises(ValueError, match="frontier"):
        Frontier.from_bytes(-1, bytes(32))
