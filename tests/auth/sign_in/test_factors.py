"""The security page: a factor can be replaced or removed only by whoever has just shown it."""

from auth.actor import VISITOR, Role
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import MustEnrol, NeedsSecondFactor, SignedIn, begin_sign_in, finish_sign_in, step_up
from auth.sign_in.factors import (
    Enrolled,
    NewCodes,
    NotAllowed,
    Removed,
    StepUpNeeded,
    end_session,
    finish_enrolment,
    needs_password_to_enrol,
    remove_factor,
    renew_recovery_codes,
    security_of,
    start_enrolment,
    waiting_enrolment,
)
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword
from auth.sign_in.totp import CodeRefused, Enrolment

PASSWORD = "otter lantern quay 41"


def sign_in(house, email="ida@example.com", password=PASSWORD):
    return begin_sign_in(house.entrance, email=email, password=password, visit=house.visit)


def fully(house, ida, password=PASSWORD):
    ticket = sign_in(house, password=password).ticket
    return finish_sign_in(house.entrance, ticket=ticket, code=house.code(ida), visit=house.visit).token


def test_a_clerk_enrols_and_is_staff_from_then_on(house):
    clerk = house.person("clerk@example.com", role=Role.CLERK)
    answer = sign_in(house, "clerk@example.com")
    assert isinstance(answer, MustEnrol)
    actor = house.actor(answer.token)
    enrolment = start_enrolment(house.entrance, actor, password=PASSWORD)
    assert isinstance(enrolment, Enrolment)
    assert waiting_enrolment(house.entrance, actor) == enrolment
    assert isinstance(finish_enrolment(house.entrance, token=answer.token, code="000000"), CodeRefused)
    enrolled = finish_enrolment(house.entrance, token=answer.token, code=house.waiting_code(clerk))
    assert isinstance(enrolled, Enrolled)
    assert len(enrolled.codes) == 10
    assert house.found(answer.token) is None
    assert house.actor(enrolled.token).second_factor_at == house.clock()
    assert isinstance(sign_in(house, "clerk@example.com"), NeedsSecondFactor)


def test_enrolling_ends_the_sessions_that_were_opened_without_the_factor(house):
    ida = house.person()
    stolen, mine = sign_in(house), sign_in(house)
    start_enrolment(house.entrance, house.actor(mine.token), password=PASSWORD)
    assert isinstance(finish_enrolment(house.entrance, token=mine.token, code=house.waiting_code(ida)), Enrolled)
    assert house.found(stolen.token) is None


def test_a_first_factor_takes_the_password_and_not_the_session_alone(house):
    house.person()
    actor = house.actor(sign_in(house).token)
    assert needs_password_to_enrol(house.entrance, actor)
    for guess in ("", "wrong password here"):
        assert start_enrolment(house.entrance, actor, password=guess) == WrongPassword()
    assert waiting_enrolment(house.entrance, actor) is None
    assert house.kinds().count("totp.enrolment_refused") == 2
    assert isinstance(start_enrolment(house.entrance, actor, password=PASSWORD), Enrolment)


def test_guessing_the_password_at_the_enrolment_ends_after_ten_tries(house):
    house.person()
    actor = house.actor(sign_in(house).token)
    for _ in range(10):
        assert start_enrolment(house.entrance, actor, password="wrong password here") == WrongPassword()
    for _ in range(2):
        assert isinstance(start_enrolment(house.entrance, actor, password=PASSWORD), TooMany)
    assert waiting_enrolment(house.entrance, actor) is None
    assert house.kinds().count("password.too_many") == 1
    house.clock.advance(minutes=15)
    assert isinstance(start_enrolment(house.entrance, actor, password=PASSWORD), Enrolment)


def test_a_factor_is_replaced_or_removed_only_after_it_was_shown(house):
    ida = house.person()
    house.with_totp(ida)
    token = fully(house, ida)
    house.clock.advance(minutes=5)
    actor = house.actor(token)
    assert start_enrolment(house.entrance, actor, password=PASSWORD) == StepUpNeeded()
    assert finish_enrolment(house.entrance, token=token, code="000000") == StepUpNeeded()
    assert renew_recovery_codes(house.entrance, actor) == StepUpNeeded()
    assert remove_factor(house.entrance, actor, password=PASSWORD) == StepUpNeeded()
    fresh = house.actor(step_up(house.entrance, token=token, code=house.code(ida)).token)
    assert isinstance(start_enrolment(house.entrance, fresh, password=""), Enrolment)
    assert isinstance(renew_recovery_codes(house.entrance, fresh), NewCodes)
    assert remove_factor(house.entrance, fresh, password="wrong password here") == NotAllowed()
    assert "totp.remove_refused" in house.kinds()
    assert remove_factor(house.entrance, fresh, password=PASSWORD) == Removed()
    assert isinstance(sign_in(house), SignedIn)


def test_a_short_password_can_not_be_left_to_stand_alone(house):
    ida = house.person(password="grey heron")
    house.with_totp(ida)
    actor = house.actor(fully(house, ida, "grey heron"))
    assert isinstance(remove_factor(house.entrance, actor, password="grey heron"), Rejected)
    assert isinstance(sign_in(house, password="grey heron"), NeedsSecondFactor)


def test_a_clerk_keeps_the_second_factor(house):
    clerk = house.person(role=Role.CLERK)
    house.with_totp(clerk)
    assert remove_factor(house.entrance, house.actor(fully(house, clerk)), password=PASSWORD) == NotAllowed()


def test_the_security_page_shows_and_ends_only_the_persons_own_sessions(house):
    house.person()
    house.person("bo@example.com")
    ida, idas_other, bo = sign_in(house), sign_in(house), sign_in(house, "bo@example.com")
    actor = house.actor(ida.token)
    page = security_of(house.entrance, actor)
    assert (page.has_totp, page.recovery_codes_left, len(page.sessions)) == (False, 0, 2)
    assert not end_session(house.entrance, actor, session_id=bo.session_id)
    assert house.found(bo.token) is not None
    assert end_session(house.entrance, actor, session_id=idas_other.session_id)
    assert house.found(idas_other.token) is None
    assert security_of(house.entrance, VISITOR) == NotAllowed()
    assert start_enrolment(house.entrance, VISITOR, password=PASSWORD) == NotAllowed()
