"""What the assistant did: one's own log, command by command, in words; and nobody else's."""

from dataclasses import dataclass

import pytest

from auth.actor import Actor, Role
from auth.audit import AuditLog, Event, record
from auth.database import Scope
from auth.guard.decisions import AwaitingApproval
from shop.activity import Activity, ActivityPage, read_activity
from shop.activity_words import ACTIONS, EVENTS
from shop.commands import (
    AddToBasket,
    AskForPerson,
    CancelOrder,
    ReadConversation,
    ReadCustomerOrder,
    RefundOrder,
    ShowOrder,
    TakeConversation,
)
from shop.conversations import start_conversation
from tests.small_house import SmallHouse


@dataclass
class Reader:
    small: SmallHouse

    def page(self, who: Actor, **asked: object) -> ActivityPage:
        assert who.account_id is not None
        with self.small.database.read(Scope.own(who.account_id)) as session:
            log, judge = AuditLog(witness=None), self.small.desk.judge
            return read_activity(session, log, judge, account_id=who.account_id, **asked)  # type: ignore[arg-type]

    def all(self, who: Actor, **asked: object) -> tuple[Activity, ...]:
        return self.page(who, **asked).activities


@pytest.fixture
def reader(small: SmallHouse) -> Reader:
    return Reader(small)


def test_a_refund_reads_as_one_story(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    number = small.order(ada, ("HM-PINE", 1))
    approval = small.park(ada, RefundOrder(number, "it broke"))
    assert reader.all(ada)[0].outcome == "waiting"
    small.desk.approve(ada, approval)
    (story,) = reader.all(ada, only_assistant=True)
    assert (story.title, story.about, story.outcome) == ("Get money back", f"order {number}", "done")
    assert (story.who, story.channel, story.by_assistant) == ("the assistant", "in the chat", True)
    seqs = [step.seq for step in story.steps]
    assert seqs == sorted(seqs)
    told = [(step.kind.removeprefix("command."), step.who) for step in story.steps]
    assert told[:3] == [("proposed", "the assistant"), ("decided", "the shop"), ("awaiting", "the shop")]
    assert ("confirmed", "you") in told and told[-1] == ("verified", "the shop")


def test_a_step_names_the_policies_in_their_own_words(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    small.park(ada, RefundOrder(small.order(ada, ("HM-PINE", 1)), "it broke"))
    decided = next(step for step in reader.all(ada)[0].steps if step.kind == "command.decided")
    says = {reason.policy: reason.says for reason in decided.policies}
    assert says["chat.writes-need-confirmation"] == "You confirm what is prepared for you."


def test_a_refusal_says_why(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    small.submit(small.through_chat(ada), CancelOrder(small.order(ada, status="shipped")))
    (refused,) = reader.all(ada)
    assert refused.outcome == "refused"
    assert refused.steps[-1].policies[0].policy == "cancel.only-before-it-leaves"
    assert "already left" in refused.steps[-1].words


def test_nobody_reads_about_somebody_else(small: SmallHouse, reader: Reader) -> None:
    ada, ben = small.person(), small.person()
    small.done(small.through_chat(ada), ShowOrder(small.order(ada)))
    small.submit(small.through_chat(ben), ShowOrder(small.order(ada)))
    assert all(step.kind == "command.refused" for activity in reader.all(ben) for step in activity.steps)
    assert [activity.outcome for activity in reader.all(ada)] == ["looked"]


def test_a_command_of_two_accounts_shows_each_their_own_steps(small: SmallHouse, reader: Reader) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    with small.database.begin(Scope.own(ada.account_id)) as session:
        talk = str(start_conversation(session, small.vault, ada.account_id, at=small.clock()).id)
    small.done(ada, AskForPerson(talk))
    small.done(clerk, ReadConversation(talk))
    small.done(clerk, TakeConversation(talk))
    taken, read = reader.all(ada)[:2]
    assert (taken.title, taken.who, len(taken.steps)) == ("Conversation", "a clerk", 1)
    assert (read.title, read.who, read.outcome) == ("Read a conversation", "a clerk", "looked")
    assert str(clerk.account_id) not in repr(reader.all(ada))


def test_a_clerks_look_at_an_order_is_seen(small: SmallHouse, reader: Reader) -> None:
    ada, clerk = small.person(), small.person(Role.CLERK)
    number = small.order(ada)
    small.done(clerk, ReadCustomerOrder(number))
    (look,) = reader.all(ada)
    assert (look.who, look.channel, look.about) == ("a clerk", "at the staff desk", f"order {number}")
    assert reader.all(ada, only_assistant=True) == ()


def test_only_the_assistant_leaves_out_what_the_person_did(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    small.done(ada, AddToBasket("HM-PINE"))
    small.done(small.through_chat(ada), AddToBasket("QL-FOG"))
    assert len(reader.all(ada)) == 2
    assert [activity.who for activity in reader.all(ada, only_assistant=True)] == ["the assistant"]


def test_pages_hold_every_command_once_and_whole(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    for n in range(7):
        small.clock.move(seconds=1)
        small.done(ada, AddToBasket("HM-PINE")) if n % 2 else small.done(
            small.through_chat(ada), AddToBasket("HM-PINE")
        )
    seen, before = list[Activity](), None
    while True:
        page = reader.page(ada, limit=2, before=before)
        seen += page.activities
        before = page.older
        if before is None:
            break
    assert [activity.command_id for activity in seen] == [a.command_id for a in reader.all(ada)]
    assert len(seen) == 7 and all(len(activity.steps) == 4 for activity in seen)


def test_signing_in_is_told_in_words(small: SmallHouse, reader: Reader) -> None:
    ada = small.person()
    with small.database.begin(Scope.own(ada.account_id)) as session:
        record(session, Event("sign_in.succeeded", small.clock(), ada.account_id, None, "page", {"amr": "pwd otp"}))
        record(session, Event("something.new", small.clock(), ada.account_id, None, "page", {}))
    newest, older = reader.all(ada)
    assert (older.title, older.outcome, older.steps[0].words) == ("Sign in", "noted", "Signed in.")
    assert newest.steps[0].words == "something: new"


def test_a_replaced_card_says_so(small: SmallHouse, reader: Reader) -> None:
    from auth.guard.decisions import Refused
    from shop.refunds import Refund

    ada = small.person()
    number = small.order(ada, ("HM-PINE", 2))
    first = small.park(ada, RefundOrder(number, "one broke"))
    other = small.park(ada, RefundOrder(number, "both broke", lines=(1,)))
    small.desk.approve(ada, other)
    answer = small.desk.approve(ada, first)
    assert isinstance(answer, AwaitingApproval | Refused) and len(small.all(Refund)) == 1
    assert {activity.outcome for activity in reader.all(ada)} & {"replaced", "refused"}


def test_every_action_and_event_has_words(small: SmallHouse) -> None:
    assert set(ACTIONS) >= set(small.desk.judge.actions)
    assert all(title and words.endswith(".") for title, words in EVENTS.values())
