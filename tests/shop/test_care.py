"""Mails, protection and devices: one's own only; what is owed always comes, and nothing that nobody asked for."""

import pytest

from auth.accounts import Account
from auth.actor import VISITOR, Actor, Role
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval, Done, Refused
from auth.mail import OutboxMail, waiting_mail
from auth.sign_in import sessions
from auth.sign_in.sessions import SessionLife, SignInSession
from auth.sign_in.visit import Visit
from shop.commands import (
    ChangePreferences,
    EndSessions,
    ExportMyData,
    ListSessions,
    MarkDelivered,
    ShipOrder,
    ShowPreferences,
    ShowSecurity,
)
from shop.preferences import TOPICS, Preference
from shop.views import PreferenceList, SecurityView, SessionList
from tests.small_house import SmallHouse


def reachable(small: SmallHouse, actor: Actor) -> Actor:
    """The same person, with an e-mail address."""
    with small.database.begin(Scope.own(actor.account_id)) as session:
        account = session.get_one(Account, actor.account_id)
        small.vault.seal(session, account, "email", "wilhelmina@example.com")
    return actor


def choices(small: SmallHouse, actor: Actor) -> dict[str, bool]:
    view = small.done(actor, ShowPreferences()).view
    assert isinstance(view, PreferenceList)
    return {p.topic: p.on for p in view.preferences}


def subjects(small: SmallHouse) -> list[str]:
    with small.database.read(Scope.house("a test looks")) as session:
        return [w.mail.subject.split(" ")[-1] for w in waiting_mail(session, small.vault)]


def signed_in(small: SmallHouse, actor: Actor, device: str) -> Actor:
    with small.database.begin(Scope.own(actor.account_id)) as session:
        account = session.get_one(Account, actor.account_id)
        visit = Visit(device=device)
        started = sessions.start(
            session, small.vault, account, life=SessionLife(), visit=visit, now=small.clock(), amr="pwd"
        )
    return Actor(actor.account_id, actor.role, actor.channel, session_id=started.session_id)


def test_nothing_optional_comes_before_it_is_asked_for(small: SmallHouse) -> None:
    anna = small.person()
    assert choices(small, anna) == {"news": False, "review_reminders": False, "order_updates": True, "security": True}
    assert small.done(anna, ChangePreferences("news", True)).says.startswith("From now on you get mails about: news")
    small.done(small.through_chat(anna), ChangePreferences("review reminders", True))
    assert choices(small, anna)["news"] and choices(small, anna)["review_reminders"]
    small.done(anna, ChangePreferences("news", False))
    assert not choices(small, anna)["news"] and len(small.all(Preference)) == 2


@pytest.mark.parametrize("topic", ["order_updates", "security", "Security"])
@pytest.mark.parametrize("on", [True, False])
def test_what_is_owed_can_not_be_switched(small: SmallHouse, topic: str, on: bool) -> None:
    anna = small.person()
    outcome = small.submit(anna, ChangePreferences(topic, on))
    assert isinstance(outcome, Refused) and outcome.policy == "preferences.duties-stay-on"
    assert "can't be switched off" in outcome.says and small.all(Preference) == []


def test_an_unknown_topic_and_a_guest_change_nothing(small: SmallHouse) -> None:
    assert isinstance(small.submit(small.person(), ChangePreferences("everything", False)), Refused)
    assert isinstance(small.submit(small.person(Role.GUEST), ChangePreferences("news", True)), Refused)
    assert isinstance(small.submit(VISITOR, ShowPreferences()), Refused)
    assert small.all(Preference) == []


def test_one_persons_choice_is_not_anothers(small: SmallHouse) -> None:
    anna, ben = small.person(), small.person()
    small.done(anna, ChangePreferences("news", True))
    assert not choices(small, ben)["news"]


def test_a_mail_comes_when_an_order_leaves_and_a_question_only_when_it_is_wanted(small: SmallHouse) -> None:
    clerk = small.person(Role.CLERK)
    quiet, curious = reachable(small, small.person()), reachable(small, small.person())
    small.done(curious, ChangePreferences("review_reminders", True))
    for customer in (quiet, curious):
        number = small.order(customer, status="paid")
        small.done(clerk, ShipOrder(number, "TRK-1"))
        small.done(clerk, MarkDelivered(number))
    assert sorted(subjects(small)) == ["it?", "way", "way"]
    assert len(small.all(OutboxMail, account_id=quiet.account_id)) == 1


def test_somebody_without_an_address_gets_nothing_and_the_order_leaves_all_the_same(small: SmallHouse) -> None:
    clerk, anna = small.person(Role.CLERK), small.person()
    small.done(clerk, ShipOrder(small.order(anna, status="paid"), "TRK-1"))
    assert small.all(OutboxMail) == []


def test_protection_and_devices_are_told_in_words(small: SmallHouse) -> None:
    anna = signed_in(small, small.person(), "Firefox on Linux")
    signed_in(small, anna, "Safari on iPhone")
    view = small.done(anna, ShowSecurity()).view
    assert view == SecurityView(False, 0, 2, None)
    listed = small.done(small.through_chat(anna), ListSessions()).view
    assert isinstance(listed, SessionList)
    assert {(s.device, s.is_this) for s in listed.sessions} == {("Firefox on Linux", True), ("Safari on iPhone", False)}


def test_all_other_devices_are_signed_out_after_a_signature(small: SmallHouse) -> None:
    anna = signed_in(small, small.person(), "Firefox on Linux")
    ben = signed_in(small, small.person(), "Opera on Windows")
    signed_in(small, anna, "Safari on iPhone")
    outcome = small.submit(small.through_chat(anna), EndSessions())
    assert isinstance(outcome, AwaitingApproval)
    assert [s for s in small.all(SignInSession) if s.revoked_at] == []
    done = small.desk.approve(anna, outcome.approval_id)
    assert isinstance(done, Done) and done.result == {"ended": 1}
    living = {s.id for s in small.all(SignInSession) if s.revoked_at is None}
    assert living == {anna.session_id, ben.session_id}


def test_a_password_typed_elsewhere_proves_nothing_here(small: SmallHouse) -> None:
    anna = small.person()
    here = signed_in(small, anna, "Firefox on Linux")
    small.clock.move(minutes=6)
    there = signed_in(small, anna, "Safari on iPhone")
    assert isinstance(small.submit(here, ExportMyData()), AwaitingApproval)
    assert isinstance(small.submit(anna, ExportMyData()), AwaitingApproval)
    assert isinstance(small.submit(there, ExportMyData()), Done)


def test_every_topic_says_what_it_is_about() -> None:
    assert all(topic.words and (not topic.why or topic.why.endswith(".")) for topic in TOPICS)
