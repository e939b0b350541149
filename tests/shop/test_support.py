"""Handing over to a person: who may ask, take, answer and hand back, and when the assistant is silent."""

import pytest

from auth.actor import Actor, Channel, Role
from auth.audit import AuditEntry
from auth.database import Scope
from auth.guard.decisions import Done, Refused
from shop.commands import AnswerCustomer, AskForPerson, HandBackConversation, ReadConversation, TakeConversation
from shop.conversations import Conversation, Message, Voice, append_message, history, start_conversation
from shop.support import COMING, THERE, assistant_is_silent, taken_conversations, waiting_conversations
from shop.views import ConversationView
from tests.small_house import SmallHouse


@pytest.fixture
def ada(small: SmallHouse) -> Actor:
    return small.person()


@pytest.fixture
def clerk(small: SmallHouse) -> Actor:
    return small.person(Role.CLERK)


@pytest.fixture
def talk(small: SmallHouse, ada: Actor) -> str:
    with small.database.begin(Scope.own(ada.account_id)) as session:
        conversation = start_conversation(session, small.vault, ada.account_id, at=small.clock())
        append_message(session, small.vault, conversation, voice=Voice.CUSTOMER, text="Hello", at=small.clock())
    return str(conversation.id)


def test_the_whole_way_to_a_person_and_back(small: SmallHouse, ada: Actor, clerk: Actor, talk: str) -> None:
    asked = small.done(small.through_chat(ada), AskForPerson(talk, "wants a person"))
    assert (asked.says, small.one(Conversation).state) == (COMING, "waiting")
    assert not assistant_is_silent(small.one(Conversation))
    small.done(clerk, TakeConversation(talk))
    assert assistant_is_silent(small.one(Conversation)) and small.one(Conversation).clerk_id == clerk.account_id
    small.done(clerk, AnswerCustomer(talk, "Good morning, I'm here."))
    small.done(clerk, HandBackConversation(talk))
    assert not assistant_is_silent(small.one(Conversation)) and small.one(Conversation).clerk_id is None
    voices = [m.voice for m in sorted(small.all(Message), key=lambda m: m.position)]
    assert voices == ["customer", "shop", "shop", "clerk", "shop"]


def test_a_person_can_always_be_asked_for_also_again(small: SmallHouse, ada: Actor, clerk: Actor, talk: str) -> None:
    for state in ("open", "closed", "waiting"):
        small.change(Conversation, {"state": state})
        assert small.done(ada, AskForPerson(talk)).says == COMING
    small.done(clerk, TakeConversation(talk))
    assert small.done(ada, AskForPerson(talk)).says == THERE
    assert small.one(Conversation).state == "taken"


def test_somebody_elses_conversation_is_not_there(small: SmallHouse, talk: str) -> None:
    ben = small.person()
    for command in (AskForPerson(talk), ReadConversation(talk), TakeConversation(talk), AnswerCustomer(talk, "hi")):
        answer = small.submit(ben, command)
        assert isinstance(answer, Refused) and answer.kind == "not_found"
    assert small.one(Conversation).state == "open"


def test_a_customer_is_no_clerk_in_their_own_conversation(small: SmallHouse, ada: Actor, talk: str) -> None:
    small.done(ada, AskForPerson(talk))
    for actor in (ada, small.with_code(ada), small.through_chat(ada), ada.through(Channel.STAFF)):
        for command in (TakeConversation(talk), AnswerCustomer(talk, "[Staff] approved"), ReadConversation(talk)):
            assert isinstance(small.submit(actor, command), Refused)
    assert [m.voice for m in small.all(Message)] == ["customer", "shop"]


def test_a_clerk_reads_and_takes_only_what_was_handed_over(small: SmallHouse, clerk: Actor, talk: str) -> None:
    assert isinstance(small.submit(clerk, ReadConversation(talk)), Refused)
    assert isinstance(small.submit(clerk, TakeConversation(talk)), Refused)


def test_a_clerk_answers_only_where_they_took_over(small: SmallHouse, ada: Actor, clerk: Actor, talk: str) -> None:
    small.done(ada, AskForPerson(talk))
    assert isinstance(small.submit(clerk, AnswerCustomer(talk, "hi")), Refused)
    small.done(clerk, TakeConversation(talk))
    other = small.person(Role.CLERK)
    for command in (AnswerCustomer(talk, "hi"), HandBackConversation(talk), TakeConversation(talk)):
        assert isinstance(small.submit(other, command), Refused)
    without_code = Actor(clerk.account_id, Role.CLERK, Channel.STAFF)
    assert isinstance(small.submit(without_code, AnswerCustomer(talk, "hi")), Refused)


def test_the_customer_can_see_that_a_clerk_read_took_and_answered(
    small: SmallHouse, ada: Actor, clerk: Actor, talk: str
) -> None:
    small.done(ada, AskForPerson(talk, "the parcel of Quillonia"))
    read = small.done(clerk, ReadConversation(talk))
    assert isinstance(read.view, ConversationView)
    assert (read.view.customer, read.view.summary) == ("Wilhelmina Zephyrwick", "the parcel of Quillonia")
    small.done(clerk, TakeConversation(talk))
    small.done(clerk, AnswerCustomer(talk, "hi"))
    mine = {entry.kind: entry.facts() for entry in small.all(AuditEntry, account_id=ada.account_id)}
    assert mine["record.read"]["by"] == str(clerk.account_id)
    assert mine["conversation.taken"]["by"] == str(clerk.account_id)
    assert "conversation.answered" in mine and "Quillonia" not in repr(mine)


def test_the_queue_is_in_order_of_waiting_and_holds_nothing_personal(
    small: SmallHouse, ada: Actor, clerk: Actor, talk: str
) -> None:
    small.done(ada, AskForPerson(talk, "Zanzibarella"))
    ben = small.person()
    small.clock.move(minutes=5)
    with small.database.begin(Scope.own(ben.account_id)) as session:
        second = str(start_conversation(session, small.vault, ben.account_id, at=small.clock()).id)
    small.done(ben, AskForPerson(second))
    small.clock.move(minutes=5)
    small.done(ada, AskForPerson(talk))
    with small.database.read(Scope.house("a clerk at work")) as session:
        queue = waiting_conversations(session)
    assert [(str(q.id), q.messages) for q in queue] == [(talk, 2), (second, 1)]
    small.done(clerk, TakeConversation(second))
    with small.database.read(Scope.house("a clerk at work")) as session:
        assert [str(q.id) for q in waiting_conversations(session)] == [talk]
        assert [str(q.id) for q in taken_conversations(session, clerk.account_id)] == [second]


def test_a_clerks_answer_reaches_the_customer(small: SmallHouse, ada: Actor, clerk: Actor, talk: str) -> None:
    small.done(ada, AskForPerson(talk))
    small.done(clerk, TakeConversation(talk))
    assert isinstance(small.submit(clerk, AnswerCustomer(talk, "We found it.")), Done)
    with small.database.read(Scope.own(ada.account_id)) as session:
        turns = history(session, small.vault, session.query(Conversation).one())
    assert (turns[-1].voice, turns[-1].text) == (Voice.CLERK, "We found it.")
