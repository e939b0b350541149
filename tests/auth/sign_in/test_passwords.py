"""Passwords: what is accepted, and that a hash can be checked, upgraded and not confused."""

import threading
import time

import pytest

from auth.sign_in.passwords import (
    Accepted,
    Argon2Cost,
    Match,
    NoMatch,
    PasswordHasher,
    Rejected,
    judge_password,
)

CHEAP = Argon2Cost(memory_kib=64, iterations=1, lanes=1)


@pytest.mark.parametrize(
    ("password", "has_second_factor", "is_accepted"),
    [
        ("otter lantern quay", False, True),
        ("otter lantern", False, False),
        ("otter la", True, True),
        ("otter l", True, False),
        ("x7" * 129, False, False),
        ("otter lantern quay " * 13, False, True),
        ("passwordpassword", False, False),
        ("Password12345678", False, False),
        ("aaaaaaaaaaaaaaaaaaaa", False, False),
        ("harborandpine12345", False, True),
        ("Harbor & Pine 2026!", False, False),
        ("ida.quist@example.com", False, False),
        ("otter\nlantern quay", False, False),
        ("ẞchöne Grüße 北極熊 sehr", False, True),
        ("longenough \ud800 surrogate", False, False),
    ],
)
def test_length_and_blocklist_decide_and_nothing_else(password, has_second_factor, is_accepted):
    context = ("Harbor & Pine", "Ida Quist", "ida.quist@example.com")
    verdict = judge_password(password, has_second_factor=has_second_factor, context=context)
    assert isinstance(verdict, Accepted if is_accepted else Rejected)


def test_a_password_matches_in_every_unicode_spelling_and_no_other_password_does():
    hasher = PasswordHasher(CHEAP)
    encoded = hasher.hash("caf\u00e9 on the quay")
    assert encoded.startswith("$argon2id$v=19$m=64,t=1,p=1$")
    assert hasher.verify(encoded, "cafe\u0301 on the quay") == Match(needs_rehash=False)
    assert hasher.verify(encoded, "cafe on the quay") == NoMatch()


def test_nobody_signs_in_where_there_is_no_hash():
    hasher = PasswordHasher(CHEAP)
    assert hasher.verify(None, "") == NoMatch()
    assert hasher.verify(None, "anything at all here") == NoMatch()


def test_where_there_is_no_hash_one_of_the_same_cost_is_computed():
    hasher = PasswordHasher(CHEAP)
    assert hasher._dummy.split("$")[3] == hasher.hash("otter lantern quay").split("$")[3]
    with hasher._slots, hasher._slots:
        # With both slots taken, only a check that hashes has to wait.
        asking = threading.Thread(target=hasher.verify, args=(None, "otter lantern quay"))
        asking.start()
        time.sleep(0.05)
        assert asking.is_alive()
    asking.join(5)
    assert not asking.is_alive()


def test_a_hash_made_at_another_cost_asks_to_be_made_anew():
    encoded = PasswordHasher(CHEAP).hash("otter lantern quay")
    dearer = PasswordHasher(Argon2Cost(memory_kib=128, iterations=1, lanes=1))
    assert dearer.verify(encoded, "otter lantern quay") == Match(needs_rehash=True)


def test_two_hashes_run_at_a_time_and_the_third_waits():
    hasher = PasswordHasher(CHEAP, concurrency=2)
    with hasher._slots, hasher._slots:
        third = threading.Thread(target=hasher.hash, args=("otter lantern quay",))
        third.start()
        time.sleep(0.05)
        assert third.is_alive()
    third.join(5)
    assert not third.is_alive()


def test_the_default_cost_is_the_owasp_floor():
    assert Argon2Cost() == Argon2Cost(memory_kib=19456, iterations=2, lanes=1)
