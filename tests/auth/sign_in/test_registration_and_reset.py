"""Registering and resetting tell a stranger nothing, and a mailed token works once, soon, and for one purpose."""

import pytest

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in.ceremony import NeedsSecondFactor, Refused, SignedIn, begin_sign_in
from auth.sign_in.passwords import Rejected
from auth.sign_in.registration import Confirmed, LookAtYourMail, NotConfirmed, confirm, register
from auth.sign_in.resetting import (
    Changed,
    LinkIsDead,
    WrongPassword,
    change_password,
    request_reset,
    reset_password,
)

PASSWORD = "otter lantern quay 41"
OTHER = "seven grey herons waiting"


def sign_in(house, email="ida@example.com", password=PASSWORD):
    return begin_sign_in(house.entrance, email=email, password=password, visit=house.visit)


def test_who_confirms_with_the_mailed_token_and_the_password_may_sign_in(house):
    assert register(house.entrance, name="Ida", email="ida@example.com", password=PASSWORD) == LookAtYourMail()
    assert sign_in(house) == Refused()
    token = house.link_token()
    assert confirm(house.entrance, token=token, password=OTHER, visit=house.visit) == NotConfirmed()
    assert confirm(house.entrance, token=token, password=PASSWORD, visit=house.visit) == Confirmed()
    assert confirm(house.entrance, token=token, password=PASSWORD, visit=house.visit) == NotConfirmed()
    answer = sign_in(house)
    assert isinstance(answer, SignedIn)
    account = house.found(answer.token).account
    with house.database.read(Scope.own(account.id)) as session:
        assert house.vault.open(session, session.get_one(Account, account.id), "name") == "Ida"


def test_registering_a_known_address_gives_the_same_answer_after_the_same_work(house):
    house.person()
    answers, hashes = [], []
    for email in ("ida@example.com", "new@example.com"):
        before = house.hasher.count
        answers.append(register(house.entrance, name="Mallory", email=email, password=OTHER))
        hashes.append(house.hasher.count - before)
    assert answers == [LookAtYourMail()] * 2
    assert hashes == [1, 1]
    subjects = {waiting.mail.to: waiting.mail.subject for waiting in house.mails()}
    assert "already" in subjects["ida@example.com"]
    assert "Confirm" in subjects["new@example.com"]
    assert not any("Mallory" in waiting.mail.text for waiting in house.mails())
    assert isinstance(sign_in(house), SignedIn)
    assert sign_in(house, password=OTHER) == Refused()


def test_an_account_prepared_by_a_stranger_is_not_theirs_once_the_owner_confirms(house):
    register(house.entrance, name="Mallory", email="ida@example.com", password=OTHER)
    house.clock.advance(seconds=1)
    register(house.entrance, name="Ida", email="ida@example.com", password=PASSWORD)
    mallorys, idas = house.link_token(1), house.link_token(0)
    assert confirm(house.entrance, token=mallorys, password=PASSWORD, visit=house.visit) == NotConfirmed()
    assert confirm(house.entrance, token=idas, password=PASSWORD, visit=house.visit) == Confirmed()
    assert confirm(house.entrance, token=mallorys, password=OTHER, visit=house.visit) == NotConfirmed()
    assert sign_in(house, password=OTHER) == Refused()


def test_a_link_goes_to_the_address_as_its_owner_types_it(house):
    register(house.entrance, name="Mallory", email="IDA@example.com", password=OTHER)
    house.clock.advance(seconds=1)
    register(house.entrance, name="Ida", email="ida@example.com", password=PASSWORD)
    newest = max(house.mails(), key=lambda waiting: waiting.mail_id)
    assert newest.mail.to == "ida@example.com"
    assert confirm(house.entrance, token=house.link_token(1), password=OTHER, visit=house.visit) == NotConfirmed()
    assert confirm(house.entrance, token=house.link_token(0), password=PASSWORD, visit=house.visit) == Confirmed()


def test_a_confirmation_expires_after_a_day(house):
    register(house.entrance, name="Ida", email="ida@example.com", password=PASSWORD)
    house.clock.advance(hours=24)
    assert confirm(house.entrance, token=house.link_token(), password=PASSWORD, visit=house.visit) == NotConfirmed()


@pytest.mark.parametrize(
    ("name", "email", "password"),
    [
        ("", "ida@example.com", PASSWORD),
        ("I" * 101, "ida@example.com", PASSWORD),
        ("Ida\u202eatsiuQ", "ida@example.com", PASSWORD),
        ("Ida", "ida", PASSWORD),
        ("Ida", "ida@example.com\nBcc: all@example.com", PASSWORD),
        ("Ida", f"{'i' * 250}@example.com", PASSWORD),
        ("Ida", "ida@example.com", "short"),
        ("Ida", "ida@example.com", "ida@example.com"),
    ],
)
def test_what_can_not_work_is_rejected_with_a_sentence_and_writes_nothing(house, name, email, password):
    verdict = register(house.entrance, name=name, email=email, password=password)
    assert isinstance(verdict, Rejected)
    assert verdict.reason.endswith(".") or verdict.reason.endswith("com.")
    assert house.mails() == []


def test_a_mailbox_is_not_flooded_by_strangers(house):
    house.person()
    for _ in range(8):
        request_reset(house.entrance, email="ida@example.com")
        register(house.entrance, name="Mallory", email="ida@example.com", password=OTHER)
    assert len(house.mails()) == 10


def test_a_reset_answers_alike_and_mails_only_who_is_known(house):
    house.person()
    answers, hashes = [], []
    for email in ("ida@example.com", "nobody@example.com", "not an address", ""):
        before = house.hasher.count
        answers.append(request_reset(house.entrance, email=email))
        hashes.append(house.hasher.count - before)
    assert answers == [LookAtYourMail()] * 4
    assert hashes == [1] * 4
    assert [waiting.mail.to for waiting in house.mails()] == ["ida@example.com"]


def test_a_reset_link_works_once_and_signs_out_everywhere(house):
    house.person()
    old = sign_in(house)
    request_reset(house.entrance, email="ida@example.com")
    first = house.link_token()
    house.clock.advance(seconds=1)
    request_reset(house.entrance, email="ida@example.com")
    second = house.link_token()
    assert isinstance(reset_password(house.entrance, token=first, password="short"), Rejected)
    assert reset_password(house.entrance, token=first, password=OTHER) == Changed()
    assert reset_password(house.entrance, token=first, password=PASSWORD) == LinkIsDead()
    assert reset_password(house.entrance, token=second, password=PASSWORD) == LinkIsDead()
    assert house.found(old.token) is None
    assert sign_in(house) == Refused()
    assert isinstance(sign_in(house, password=OTHER), SignedIn)
    assert "password.changed" in house.kinds()


def test_a_reset_link_expires_after_half_an_hour_and_is_stored_hashed(house, tmp_path):
    house.person()
    request_reset(house.entrance, email="ida@example.com")
    token = house.link_token()
    stored = b"".join(path.read_bytes() for path in tmp_path.glob("shop.db*"))
    assert token.encode() not in stored
    house.clock.advance(minutes=30)
    assert reset_password(house.entrance, token=token, password=OTHER) == LinkIsDead()


def test_after_a_reset_the_second_factor_is_asked_for_as_before(house):
    ida = house.person()
    house.with_totp(ida)
    request_reset(house.entrance, email="ida@example.com")
    assert reset_password(house.entrance, token=house.link_token(), password=OTHER) == Changed()
    assert isinstance(sign_in(house, password=OTHER), NeedsSecondFactor)


def test_changing_the_password_needs_the_current_one_and_ends_the_other_sessions(house):
    house.person()
    mine, other = sign_in(house), sign_in(house)
    actor = house.actor(mine.token)
    wrong = change_password(house.entrance, actor, token=mine.token, current=OTHER, new=OTHER)
    assert wrong == WrongPassword()
    changed = change_password(house.entrance, actor, token=mine.token, current=PASSWORD, new=OTHER)
    assert isinstance(changed, Changed)
    assert house.found(mine.token) is None
    assert house.found(other.token) is None
    assert house.actor(changed.token).account_id == actor.account_id
    assert "was changed" in house.mails()[0].mail.text


def test_a_token_of_somebody_else_changes_nothing(house):
    house.person()
    house.person("bo@example.com", password=OTHER)
    ida, bo = sign_in(house), sign_in(house, "bo@example.com", OTHER)
    answer = change_password(
        house.entrance, house.actor(ida.token), token=bo.token, current=PASSWORD, new="five quiet otters asleep"
    )
    assert answer == WrongPassword()
    assert isinstance(sign_in(house), SignedIn)
