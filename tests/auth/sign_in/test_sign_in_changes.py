"""Changes of sign-in that take their time, and the devices an account knows."""

import re
from dataclasses import replace

from auth.accounts import Account
from auth.actor import VISITOR
from auth.database import Scope
from auth.sign_in import letters as letter_words
from auth.sign_in import lost_factor, mail_change, one_time
from auth.sign_in.address_changes import addresses_of
from auth.sign_in.attempts import TooMany
from auth.sign_in.ceremony import NeedsSecondFactor, Refused, SignedIn, begin_sign_in, finish_sign_in
from auth.sign_in.devices import count_known
from auth.sign_in.factors import NotAllowed, StepUpNeeded, forget_devices, security_of
from auth.sign_in.lost_factor import NoWayBack, Waits
from auth.sign_in.mail_change import LettersSent
from auth.sign_in.mailed_links import DeadLink, Decided, Decision, answer_link, look_at_link
from auth.sign_in.one_time import Purpose
from auth.sign_in.passwords import Rejected
from auth.sign_in.resetting import WrongPassword

PASSWORD = "otter lantern quay 41"


def sign_in(house, visit=None):
    return begin_sign_in(house.entrance, email="ida@example.com", password=PASSWORD, visit=visit or house.visit)


def letters(house, subject):
    return [waiting.mail for waiting in house.mails() if subject in waiting.mail.subject]


def tokens(text):
    return re.findall(r"https://shop\.example/link/([\w-]+)", text)


def ask(house, actor, *, email="ida@elsewhere.example", password=PASSWORD):
    return mail_change.ask_mail_change(house.entrance, actor, email=email, password=password)


def test_the_password_asks_where_there_is_no_factor_and_a_factor_where_there_is(house):
    ida = house.person()
    actor = house.actor(sign_in(house).token)
    assert ask(house, actor, password="not this one 123") == WrongPassword()
    assert ask(house, actor) == LettersSent()
    house.with_totp(ida)
    assert ask(house, actor) == StepUpNeeded()
    assert ask(house, replace(actor, second_factor_at=house.clock()), password="") == LettersSent()
    assert ask(house, VISITOR) == NotAllowed()


def test_what_is_no_address_and_ones_own_are_told_and_a_flood_ends(house):
    house.person()
    actor = house.actor(sign_in(house).token)
    assert isinstance(ask(house, actor, email="nowhere"), Rejected)
    assert isinstance(ask(house, actor, email="IDA@example.com"), Rejected)
    answers = [ask(house, actor, email=f"a{number}@example.org") for number in range(6)]
    assert isinstance(answers[-1], TooMany) and answers[0] == LettersSent()


def test_a_change_under_way_is_shown_and_stopped(house):
    house.person()
    actor = house.actor(sign_in(house).token)
    assert mail_change.change_under_way(house.entrance, actor) is None
    assert mail_change.cancel_mail_change(house.entrance, actor) is False
    ask(house, actor)
    (old,) = letters(house, "Another address for")
    assert answer_link(house.entrance, token=tokens(old.text)[0]) == Decided(Purpose.MAIL_OLD)
    shown = mail_change.change_under_way(house.entrance, actor)
    assert (shown.email, shown.old_agreed, shown.new_agreed) == ("ida@elsewhere.example", True, False)
    assert mail_change.cancel_mail_change(house.entrance, actor) is True
    assert mail_change.change_under_way(house.entrance, actor) is None
    (new,) = letters(house, "Use this address")
    assert answer_link(house.entrance, token=tokens(new.text)[0]) == DeadLink()


def test_nothing_is_taken_off_before_its_time_by_any_caller(house):
    ida = house.person()
    house.with_totp(ida)
    first = sign_in(house)
    assert isinstance(first, NeedsSecondFactor)
    waits = lost_factor.ask_factor_reset(house.entrance, ticket=first.ticket)
    assert waits == Waits(house.clock() + lost_factor.WAITS)
    house.clock.advance(hours=71, minutes=59)
    with house.database.begin(Scope.own(ida)) as session:
        assert not lost_factor.carry_out_reset(house.entrance, session, ida, now=house.clock())
    finish = tokens(letters(house, "is lost")[0].text)[1]
    assert look_at_link(house.entrance, token=finish) == Decision(Purpose.LOST_FINISH, waits.ready_at)
    assert answer_link(house.entrance, token=finish) == Decision(Purpose.LOST_FINISH, waits.ready_at)
    house.clock.advance(minutes=1)
    assert answer_link(house.entrance, token=finish) == Decided(Purpose.LOST_FINISH)
    assert isinstance(sign_in(house), Refused)


def test_the_address_that_was_left_lately_is_told_and_can_only_stop(house):
    ida = house.person()
    actor = house.actor(sign_in(house).token)
    ask(house, actor)
    for subject in ("Another address for", "Use this address"):
        answer_link(house.entrance, token=tokens(letters(house, subject)[0].text)[0])
    house.clock.advance(hours=24)
    assert mail_change.carry_out_changes(house.entrance) == 1
    house.with_totp(ida)
    first = begin_sign_in(house.entrance, email="ida@elsewhere.example", password=PASSWORD, visit=house.visit)
    lost_factor.ask_factor_reset(house.entrance, ticket=first.ticket)
    told = {mail.to: tokens(mail.text) for mail in letters(house, "is lost")}
    assert {to: len(links) for to, links in told.items()} == {"ida@elsewhere.example": 2, "ida@example.com": 1}
    assert answer_link(house.entrance, token=told["ida@example.com"][0]) == Decided(Purpose.LOST_CANCEL)
    house.clock.advance(days=31)
    with house.database.read(Scope.own(ida)) as session:
        account = session.get_one(Account, ida)
        assert addresses_of(session, house.vault, account, now=house.clock()) == ["ida@elsewhere.example"]


def test_the_letter_says_which_first_step_somebody_knows(house):
    known = {"pwd": "knows your password", "fed": "from elsewhere"}
    for method, words in known.items():
        text = letter_words.factor_reset(
            house.entrance, to="ida@example.com", at=house.clock(), cancel="c", finish="", method=method
        ).text
        assert [each for each in known.values() if each in text] == [words]
    ida = house.person()
    house.with_totp(ida)
    with house.database.begin(Scope.own(ida)) as session:
        ticket, _ = one_time.issue(session, ida, purpose=Purpose.OUTSIDE_TICKET, now=house.clock())
    lost_factor.ask_factor_reset(house.entrance, ticket=ticket)
    assert "from elsewhere" in letters(house, "is lost")[0].text


def test_a_lost_factor_takes_a_living_ticket_and_asks_five_times_an_hour(house):
    ida = house.person()
    house.with_totp(ida)
    assert lost_factor.ask_factor_reset(house.entrance, ticket="none") == NoWayBack()
    for _ in range(5):
        assert isinstance(lost_factor.ask_factor_reset(house.entrance, ticket=sign_in(house).ticket), Waits)
        with house.database.begin(Scope.own(ida)) as session:
            lost_factor.end_open_resets(session, ida, now=house.clock(), why="test")
    assert isinstance(lost_factor.ask_factor_reset(house.entrance, ticket=sign_in(house).ticket), TooMany)
    assert lost_factor.cancel_factor_reset(house.entrance, VISITOR) is False
    assert lost_factor.reset_under_way(house.entrance, VISITOR) is None


def test_a_ticket_is_no_link_and_a_link_no_ticket(house):
    ida = house.person()
    house.with_totp(ida)
    ticket = sign_in(house).ticket
    assert look_at_link(house.entrance, token=ticket) == DeadLink()
    lost_factor.ask_factor_reset(house.entrance, ticket=ticket)
    cancel = tokens(letters(house, "is lost")[0].text)[0]
    assert lost_factor.ask_factor_reset(house.entrance, ticket=cancel) == NoWayBack()
    with house.database.begin(Scope.own(None)) as session:
        assert one_time.find_token(session, cancel, purpose=Purpose.RESET, now=house.clock()) is None
    refused = finish_sign_in(house.entrance, ticket=cancel, code=house.code(ida), visit=house.visit)
    assert not isinstance(refused, SignedIn)


def test_the_first_sign_in_is_no_news_and_one_without_a_cookie_always_is(house):
    ida = house.person()
    bare = replace(house.visit, browser="")
    sign_in(house)
    assert letters(house, "new device") == []
    for known in (1, 2):
        assert isinstance(sign_in(house, bare), SignedIn)
        assert len(letters(house, "new device")) == known
    sign_in(house)
    assert len(letters(house, "new device")) == 2
    actor = house.actor(sign_in(house).token)
    assert security_of(house.entrance, actor).known_devices == 1
    assert forget_devices(house.entrance, actor) and not forget_devices(house.entrance, VISITOR)
    with house.database.read(Scope.own(ida)) as session:
        assert count_known(session, ida) == 0
    sign_in(house)
    assert len(letters(house, "new device")) == 3
