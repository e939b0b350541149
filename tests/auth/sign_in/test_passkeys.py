"""Passkeys: what a good one opens, what it leaves alone, and who keeps the last way in."""

from dataclasses import replace
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth.accounts import Account
from auth.actor import VISITOR, Role
from auth.database import Scope
from auth.sign_in import passkey_ceremony, passkey_keeping, passkeys
from auth.sign_in.authenticators import BadAnswer, RelyingParty, check_new, read_claim
from auth.sign_in.ceremony import (
    MustEnrol,
    NeedsSecondFactor,
    Refused,
    SignedIn,
    SteppedUp,
    begin_sign_in,
    finish_sign_in,
)
from auth.sign_in.factors import NotAllowed, Removed, StepUpNeeded, remove_factor, security_of
from auth.sign_in.held import Held
from auth.sign_in.passkey_keeping import Added, Adding, LastFactor, Renamed, TooManyPasskeys
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword
from tests.authenticator import CAN_BE_COPIED, IS_COPIED, PRESENT, VERIFIED, Authenticator

PASSWORD = "otter lantern quay 41"
PARTY = RelyingParty("https://shop.example", "shop.example", "Harbor & Pine")


@pytest.fixture
def phone() -> Authenticator:
    return Authenticator(origin="https://shop.example")


def sign_in(house, email="ida@example.com"):
    return begin_sign_in(house.entrance, email=email, password=PASSWORD, visit=house.visit)


def add(house, token, phone, *, password=PASSWORD, name="My phone"):
    """Add a passkey in this session; returns what came of it."""
    asked = passkey_keeping.start_adding(house.entrance, house.actor(token), password=password)
    assert isinstance(asked, Adding), asked
    answer = phone.make(asked.options)
    return passkey_keeping.finish_adding(house.entrance, token=token, handle=asked.handle, answer=answer, name=name)


def show(house, phone, **bent):
    """Sign in with a passkey and nothing else."""
    asked = passkey_ceremony.ask_for_sign_in(house.entrance)
    return passkey_ceremony.sign_in_with_passkey(
        house.entrance, handle=asked.handle, answer=phone.show(asked.options, **bent), visit=house.visit
    )


def test_a_passkey_signs_in_without_a_password_and_counts_as_two_factors(house, phone):
    ida = house.person()
    added = add(house, sign_in(house).token, phone)
    assert isinstance(added, Added) and len(added.codes) == 10
    came = show(house, phone)
    assert isinstance(came, SignedIn) and came.account_id == ida
    found = house.found(came.token)
    assert found.row.amr == "hwk user mfa" and found.row.second_factor_at == house.clock()
    assert found.row.password_at is None
    assert house.kinds().count("passkey.added") == 1 and house.kinds().count("passkey.used") == 1


def test_the_first_one_takes_the_password_and_ends_the_other_sessions(house, phone):
    house.person()
    stolen, mine = sign_in(house), sign_in(house)
    actor = house.actor(stolen.token)
    assert passkey_keeping.start_adding(house.entrance, actor, password="guess of a thief 1") == WrongPassword()
    assert isinstance(add(house, mine.token, phone), Added)
    assert house.found(stolen.token) is None
    assert house.kinds().count("passkey.adding_refused") == 1
    assert any("a passkey was added" in waiting.mail.text for waiting in house.mails())


def test_with_a_passkey_the_password_alone_no_longer_signs_in(house, phone):
    house.person()
    add(house, sign_in(house).token, phone)
    first = sign_in(house)
    assert isinstance(first, NeedsSecondFactor) and first.held == Held(totp=False, passkeys=1)
    asked = passkey_ceremony.ask_for_second_step(house.entrance, ticket=first.ticket)
    answer = phone.show(asked.options, user_handle=b"")
    came = passkey_ceremony.finish_with_passkey(
        house.entrance, ticket=first.ticket, handle=asked.handle, answer=answer, visit=house.visit
    )
    assert isinstance(came, SignedIn) and house.found(came.token).row.amr == "pwd hwk user mfa"
    again = passkey_ceremony.ask_for_second_step(house.entrance, ticket=first.ticket)
    assert again == Refused()


def test_it_steps_a_session_up_and_changes_its_token(house, phone):
    house.person()
    token = add(house, sign_in(house).token, phone).token
    house.clock.advance(minutes=20)
    asked = passkey_ceremony.ask_for_step_up(house.entrance, token=token)
    stepped = passkey_ceremony.step_up_with_passkey(
        house.entrance, token=token, handle=asked.handle, answer=phone.show(asked.options)
    )
    assert isinstance(stepped, SteppedUp) and house.found(token) is None
    assert house.actor(stepped.token).second_factor_at == house.clock()


def test_a_further_one_needs_a_fresh_factor_and_no_password(house, phone):
    house.person()
    token = add(house, sign_in(house).token, phone).token
    second = add(house, token, phone, password="")
    assert isinstance(second, Added) and second.codes == ()
    house.clock.advance(minutes=6)
    actor = house.actor(second.token)
    assert passkey_keeping.start_adding(house.entrance, actor, password=PASSWORD) == StepUpNeeded()


def test_a_challenge_waits_five_minutes_and_its_freshness_does_not_outlive_it(house, phone):
    house.person()
    token = sign_in(house).token
    asked = passkey_keeping.start_adding(house.entrance, house.actor(token), password=PASSWORD)
    house.clock.advance(minutes=5)
    answer = phone.make(asked.options)
    late = passkey_keeping.finish_adding(house.entrance, token=token, handle=asked.handle, answer=answer, name="Late")
    assert late == Refused() and not security_of(house.entrance, house.actor(token)).passkeys


def test_the_backup_flags_are_kept_and_follow_what_the_key_says(house):
    house.person()
    phone = Authenticator(origin="https://shop.example", flags=PRESENT | VERIFIED | CAN_BE_COPIED)
    token = add(house, sign_in(house).token, phone).token
    (line,) = security_of(house.entrance, house.actor(token)).passkeys
    assert (line.name, line.can_be_copied, line.is_copied, line.last_used_at) == ("My phone", True, False, None)
    phone.flags |= IS_COPIED
    came = show(house, phone)
    assert house.found(came.token).row.amr == "swk user mfa"
    (line,) = security_of(house.entrance, house.actor(came.token)).passkeys
    assert line.is_copied and line.last_used_at == house.clock()


def test_a_key_that_could_not_be_copied_does_not_become_one_that_can(house, phone):
    house.person()
    add(house, sign_in(house).token, phone)
    phone.flags |= CAN_BE_COPIED
    assert show(house, phone) == Refused()


def test_an_authenticator_that_does_not_count_goes_on_with_zero(house):
    house.person()
    phone = Authenticator(origin="https://shop.example", counts=False)
    add(house, sign_in(house).token, phone)
    assert isinstance(show(house, phone), SignedIn) and isinstance(show(house, phone), SignedIn)


def test_a_counter_that_goes_back_is_refused_noted_and_mailed(house, phone):
    house.person()
    add(house, sign_in(house).token, phone)
    assert isinstance(show(house, phone, count=7), SignedIn)
    for count in (7, 3, 0):
        assert show(house, phone, count=count) == Refused()
    assert house.kinds().count("passkey.counter_went_back") == 3
    assert sum("may have been copied" in waiting.mail.subject for waiting in house.mails()) == 3
    assert isinstance(show(house, phone, count=8), SignedIn)


def test_nobody_is_warned_for_an_answer_without_a_signature(house, phone):
    house.person()
    add(house, sign_in(house).token, phone)
    show(house, phone, count=7)
    assert show(house, phone, count=1, signature=b"\x30\x06\x02\x01\x01\x02\x01\x01") == Refused()
    assert "passkey.counter_went_back" not in house.kinds()


@pytest.mark.parametrize("flags", [0, PRESENT, VERIFIED], ids=["neither", "not verified", "not present"])
def test_without_its_person_a_key_opens_nothing(house, phone, flags):
    house.person()
    add(house, sign_in(house).token, phone)
    phone.flags = flags
    assert show(house, phone) == Refused()


def test_a_key_that_nobody_unlocked_is_not_added(house, phone):
    house.person()
    phone.flags = PRESENT
    assert add(house, sign_in(house).token, phone) == Refused()


def test_a_closed_or_unconfirmed_account_is_not_entered(house, phone):
    ida = house.person()
    add(house, sign_in(house).token, phone)
    with house.database.begin(Scope.own(ida)) as session:
        account = session.get_one(Account, ida)
        account.status = "closed"
    assert show(house, phone) == Refused()


def test_the_list_is_ones_own_and_so_are_its_buttons(house, phone):
    house.person()
    token = add(house, sign_in(house).token, phone).token
    house.person("ben@example.com")
    ben = house.actor(sign_in(house, "ben@example.com").token)
    (line,) = passkey_keeping.passkeys_of(house.entrance, house.actor(token))
    key = line.passkey_id
    assert passkey_keeping.passkeys_of(house.entrance, ben) == ()
    assert passkey_keeping.passkeys_of(house.entrance, VISITOR) == ()
    assert passkey_keeping.rename_passkey(house.entrance, ben, passkey_id=key, name="Mine") == NotAllowed()
    assert passkey_keeping.remove_passkey(house.entrance, ben, passkey_id=key, password=PASSWORD) == NotAllowed()
    ida = house.actor(token)
    assert passkey_keeping.rename_passkey(house.entrance, ida, passkey_id=key, name=" Blue\u202e key ") == Renamed()
    assert passkey_keeping.passkeys_of(house.entrance, ida)[0].name == "Blue key"
    assert passkey_keeping.rename_passkey(house.entrance, ida, passkey_id=uuid4(), name="x") == NotAllowed()


def test_the_last_factor_goes_with_the_password_and_takes_the_codes_along(house, phone):
    house.person()
    token = add(house, sign_in(house).token, phone).token
    ida = house.actor(token)
    key = passkey_keeping.passkeys_of(house.entrance, ida)[0].passkey_id

    def remove(password, actor=ida):
        return passkey_keeping.remove_passkey(house.entrance, actor, passkey_id=key, password=password)

    stale = replace(ida, second_factor_at=None)
    assert remove(PASSWORD, stale) == StepUpNeeded()
    assert remove("not my password 12") == WrongPassword()
    assert remove(PASSWORD) == Removed()
    assert remove(PASSWORD) == NotAllowed()
    after = security_of(house.entrance, ida)
    assert not after.is_two_step and after.recovery_codes_left == 0
    assert isinstance(sign_in(house), SignedIn) and show(house, phone) == Refused()


def test_the_last_factor_stays_with_a_short_password_none_or_a_clerk(house, phone):
    ida = house.person(password="short enough")
    token = begin_sign_in(house.entrance, email="ida@example.com", password="short enough", visit=house.visit).token
    actor = house.actor(add(house, token, phone, password="short enough").token)
    key = passkey_keeping.passkeys_of(house.entrance, actor)[0].passkey_id
    remove = passkey_keeping.remove_passkey
    assert isinstance(remove(house.entrance, actor, passkey_id=key, password="short enough"), Rejected)
    with house.database.begin(Scope.own(ida)) as session:
        account = session.get_one(Account, ida)
        account.password_hash = None
    assert remove(house.entrance, actor, passkey_id=key, password="") == LastFactor()
    house.person("cleo@example.com", role=Role.CLERK)
    came = sign_in(house, "cleo@example.com")
    assert isinstance(came, MustEnrol)
    clerk = house.actor(add(house, came.token, Authenticator(origin="https://shop.example")).token)
    key = passkey_keeping.passkeys_of(house.entrance, clerk)[0].passkey_id
    assert remove(house.entrance, clerk, passkey_id=key, password=PASSWORD) == LastFactor()


def test_beside_an_app_either_may_go_without_the_password(house, phone):
    ida = house.person()
    house.with_totp(ida)
    first = sign_in(house)
    token = finish_sign_in(house.entrance, ticket=first.ticket, code=house.code(ida), visit=house.visit).token
    actor = house.actor(add(house, token, phone, password="").token)
    assert security_of(house.entrance, actor).recovery_codes_left == 0
    assert remove_factor(house.entrance, actor, password="") == Removed()
    after = security_of(house.entrance, actor)
    assert not after.has_totp and after.is_two_step
    key = after.passkeys[0].passkey_id
    assert passkey_keeping.remove_passkey(house.entrance, actor, passkey_id=key, password="") == WrongPassword()


def test_twenty_are_enough(house):
    house.person()
    token = sign_in(house).token
    for _ in range(passkeys.MOST):
        token = add(house, token, Authenticator(origin="https://shop.example")).token
    asked = passkey_keeping.start_adding(house.entrance, house.actor(token), password="")
    assert asked == TooManyPasskeys()


def test_what_the_table_holds_names_no_key_and_moves_to_no_other_account(house, phone):
    ida, ben = house.person(), house.person("ben@example.com")
    add(house, sign_in(house).token, phone)
    with house.database.read(Scope.house("test")) as session:
        (row,) = session.query(passkeys.Passkey).all()
        stored = bytes(row.credential) + bytes(row.public_key) + bytes(row.name) + row.id_hash
        assert phone.credentials[0].id not in stored and b"My phone" not in stored
        assert passkeys.user_handle(house.vault, ida) != passkeys.user_handle(house.vault, ben)
        assert ida.bytes not in passkeys.user_handle(house.vault, ida)


def test_an_address_of_numbers_offers_none(house):
    entrance = replace(house.entrance, origin="http://127.0.0.1:8000")
    assert entrance.party is None
    assert passkey_ceremony.ask_for_sign_in(entrance) == Refused()


@given(st.one_of(st.text(max_size=300), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(repr)))
def test_made_up_answers_break_nothing(text):
    for answer in (text, '{"id":"YQ","rawId":"YQ","type":"public-key","response":' + text + "}", "[" * 16000):
        assert isinstance(check_new(PARTY, answer, challenge=b"c" * 32), BadAnswer)
        assert isinstance(read_claim(answer), BadAnswer)
