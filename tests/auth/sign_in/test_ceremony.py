"""Signing in: two steps, no hints, no fixation, and sessions that end."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from auth.actor import Role
from auth.database import Scope
from auth.sign_in import one_time, sessions
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import (
    MustEnrol,
    NeedsSecondFactor,
    Refused,
    SignedIn,
    SteppedUp,
    begin_sign_in,
    finish_sign_in,
    sign_out,
    step_up,
)
from auth.sign_in.registration import register
from auth.sign_in.visit import Visit, device_label

PASSWORD = "otter lantern quay 41"


def sign_in(house, email="ida@example.com", password=PASSWORD, visit=None):
    return begin_sign_in(house.entrance, email=email, password=password, visit=visit or house.visit)


def finish(house, ticket, code):
    return finish_sign_in(house.entrance, ticket=ticket, code=code, visit=house.visit)


def test_a_customer_without_second_factor_is_in_after_the_password(house):
    ida = house.person()
    answer = sign_in(house, email=" IDA@Example.com ")
    assert isinstance(answer, SignedIn)
    assert answer.account_id == ida
    actor = house.actor(answer.token)
    assert actor.is_signed_in
    assert actor.second_factor_at is None
    assert house.kinds() == ["sign_in.succeeded"]


def test_unknown_address_wrong_password_and_unconfirmed_address_get_one_answer_for_one_hash(house):
    house.person()
    register(house.entrance, name="Bo", email="bo@example.com", password=PASSWORD)
    answers, hashes = [], []
    for email, password in [
        ("nobody@example.com", PASSWORD),
        ("ida@example.com", "wrong password here"),
        ("bo@example.com", PASSWORD),
        ("", ""),
        ("\ud800" * 9999, "\ud800" * 9999),
    ]:
        before = house.hasher.count
        answers.append(sign_in(house, email, password))
        hashes.append(house.hasher.count - before)
    assert answers == [Refused()] * 5
    assert hashes == [1] * 5
    assert house.kinds().count("sign_in.refused") == 5


def test_a_closed_account_is_refused_and_its_sessions_are_dead(house):
    ida = house.person()
    token = sign_in(house).token
    with house.database.begin(Scope.house("test")) as session:
        from auth.accounts import Account

        session.get_one(Account, ida).status = "closed"
    assert house.found(token) is None
    assert sign_in(house) == Refused()


def test_with_a_second_factor_the_password_alone_opens_no_session(house):
    ida = house.person()
    house.with_totp(ida)
    first = sign_in(house)
    assert isinstance(first, NeedsSecondFactor)
    assert house.found(first.ticket) is None
    assert finish(house, first.ticket, "000000") == Refused()
    second = finish(house, first.ticket, house.code(ida))
    assert isinstance(second, SignedIn)
    assert house.actor(second.token).second_factor_at == house.clock()


def test_a_ticket_works_once_and_for_five_minutes(house):
    ida = house.person()
    house.with_totp(ida)
    ticket = sign_in(house).ticket
    assert isinstance(finish(house, ticket, house.code(ida)), SignedIn)
    house.clock.advance(seconds=60)
    assert finish(house, ticket, house.code(ida)) == Refused()
    late = sign_in(house).ticket
    house.clock.advance(minutes=5)
    assert finish(house, late, house.code(ida)) == Refused()
    assert finish(house, "made-up", house.code(ida)) == Refused()


def test_a_mailed_token_is_no_ticket(house):
    ida = house.person()
    house.with_totp(ida)
    with house.database.begin(Scope.own(ida)) as session:
        token, _ = one_time.issue(session, ida, purpose=one_time.Purpose.RESET, now=house.clock())
    assert finish(house, token, house.code(ida)) == Refused()


def test_one_ticket_and_one_code_sent_twenty_times_open_one_session(house):
    ida = house.person()
    house.with_totp(ida)
    ticket, code = sign_in(house).ticket, house.code(ida)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: finish(house, ticket, code), range(20)))
    assert sum(isinstance(answer, SignedIn) for answer in answers) == 1


def test_a_clerk_without_second_factor_must_enrol(house):
    house.person("clerk@example.com", role=Role.CLERK)
    answer = sign_in(house, "clerk@example.com")
    assert isinstance(answer, MustEnrol)
    assert house.actor(answer.token).second_factor_at is None


def test_ten_wrong_passwords_stop_this_network_and_no_other(house):
    house.person()
    for _ in range(10):
        assert sign_in(house, password="wrong password here") == Refused()
    assert isinstance(sign_in(house), TooMany)
    assert isinstance(sign_in(house, visit=Visit(network="198.51.100.9")), SignedIn)
    house.clock.advance(minutes=15)
    assert isinstance(sign_in(house), SignedIn)


def test_an_unknown_address_is_counted_alike_so_the_limit_tells_nothing(house):
    for _ in range(10):
        sign_in(house, "nobody@example.com")
    before = house.hasher.count
    assert isinstance(sign_in(house, "nobody@example.com"), TooMany)
    assert house.hasher.count == before
    sign_in(house, "nobody@example.com")
    assert house.kinds().count("sign_in.too_many") == 1


def test_parallel_guesses_do_not_get_past_the_limit(house):
    house.person()
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: sign_in(house, password="wrong password here"), range(30)))
    assert sum(answer == Refused() for answer in answers) == 10


def test_the_token_is_stored_hashed_and_new_at_each_sign_in(house, tmp_path):
    house.person()
    tokens = {sign_in(house).token for _ in range(3)}
    assert len(tokens) == 3
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("shop.db*"))
    assert not any(token.encode() in stored for token in tokens)
    assert b"Firefox" not in stored
    assert b"203.0.113" not in stored


def test_stepping_up_changes_the_token_and_the_old_one_is_dead(house):
    ida = house.person()
    house.with_totp(ida)
    token = finish(house, sign_in(house).ticket, house.code(ida)).token
    house.clock.advance(minutes=10)
    assert step_up(house.entrance, token=token, code="000000") == Refused()
    stepped = step_up(house.entrance, token=token, code=house.code(ida))
    assert isinstance(stepped, SteppedUp)
    assert house.found(token) is None
    actor = house.actor(stepped.token)
    assert actor.second_factor_at == house.clock()
    assert step_up(house.entrance, token="planted-by-an-attacker", code=house.code(ida)) == Refused()


@pytest.mark.parametrize(
    ("role", "visits", "step", "is_alive"),
    [
        (Role.CUSTOMER, 1, {"days": 6, "hours": 23}, True),
        (Role.CUSTOMER, 1, {"days": 7}, False),
        (Role.CUSTOMER, 4, {"days": 6}, True),
        (Role.CUSTOMER, 5, {"days": 6}, False),
        (Role.CLERK, 1, {"minutes": 59}, True),
        (Role.CLERK, 1, {"minutes": 60}, False),
        (Role.CLERK, 13, {"minutes": 59}, False),
    ],
)
def test_a_session_ends_when_idle_and_at_its_absolute_end(house, role, visits, step, is_alive):
    house.person(role=role)
    answer = sign_in(house)
    for visit in range(visits):
        house.clock.advance(**step)
        if visit < visits - 1:
            found = house.found(answer.token)
            assert found is not None or not is_alive
            with house.database.begin(Scope.own(answer.account_id)) as session:
                sessions.touch(session, answer.session_id, now=house.clock())
    assert (house.found(answer.token) is not None) is is_alive


def test_a_visit_is_written_once_a_minute(house):
    house.person()
    answer = sign_in(house)
    house.clock.advance(seconds=59)
    assert not sessions.is_due_for_touch(house.found(answer.token).row, now=house.clock())
    house.clock.advance(seconds=1)
    assert sessions.is_due_for_touch(house.found(answer.token).row, now=house.clock())


def test_sessions_are_listed_and_revoked_and_nobody_revokes_anothers(house):
    ida, bo = house.person(), house.person("bo@example.com")
    mine, other = sign_in(house), sign_in(house)
    with house.database.read(Scope.own(ida)) as session:
        account = house.found(mine.token).account
        lines = sessions.list_sessions(
            session, house.vault, account, life=house.entrance.life, now=house.clock(), current=mine.session_id
        )
    assert {line.session_id for line in lines} == {mine.session_id, other.session_id}
    assert [line.device for line in lines if line.is_current] == ["Firefox on Linux"]
    assert lines[0].network == "203.0.113.…"
    with house.database.begin(Scope.own(bo)) as session:
        assert not sessions.revoke(session, bo, mine.session_id, now=house.clock())
    with house.database.begin(Scope.own(ida)) as session:
        assert sessions.revoke_all(session, ida, now=house.clock(), keep=mine.session_id) == 1
    assert house.found(other.token) is None
    sign_out(house.entrance, token=mine.token)
    assert house.found(mine.token) is None
    assert house.kinds().count("session.revoked") == 2


def test_a_hash_of_an_older_cost_is_made_anew_at_sign_in(house):
    from auth.accounts import Account
    from auth.sign_in.passwords import Argon2Cost, PasswordHasher

    ida = house.person()
    with house.database.begin(Scope.house("test")) as session:
        older = PasswordHasher(Argon2Cost(memory_kib=128, iterations=1, lanes=1))
        session.get_one(Account, ida).password_hash = older.hash(PASSWORD)
    assert isinstance(sign_in(house), SignedIn)
    with house.database.read(Scope.house("test")) as session:
        assert session.get_one(Account, ida).password_hash.startswith("$argon2id$v=19$m=64,")


def test_a_password_changed_while_the_hash_was_computed_no_longer_opens(house, monkeypatch):
    from auth.accounts import Account

    ida = house.person()
    verify = house.hasher.verify

    def slowly(encoded, password):
        answer = verify(encoded, password)
        with house.database.begin(Scope.house("test")) as session:
            session.get_one(Account, ida).password_hash = house.hasher.hash("seven grey herons waiting")
        return answer

    monkeypatch.setattr(house.hasher, "verify", slowly)
    assert sign_in(house) == Refused()


def test_an_address_that_was_never_confirmed_opens_nothing_even_with_a_password(house):
    from auth.accounts import Account

    ida = house.person()
    with house.database.begin(Scope.house("test")) as session:
        session.get_one(Account, ida).email_verified_at = None
    assert sign_in(house) == Refused()


def test_device_labels_are_coarse():
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    edge = "Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0"
    assert device_label(firefox) == "Firefox on Linux"
    assert device_label(edge) == "Edge on Windows"
    assert device_label("<script>") == "Unknown device"
