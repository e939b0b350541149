"""T45: somebody else's conversation is renamed, deleted, rated, taken away, listened to or found, by its id."""

import pytest

from auth.database import Scope
from auth.guard.decisions import Refused
from shop.commands import AskForPerson, DeleteConversation, ExportConversation, RateAnswer, RenameConversation
from shop.conversations import Conversation, Message, Voice
from shop.ratings import AnswerRating
from tests.browsing import Street, entries, messages

SECRET = "my daughter's wedding is a surprise"
SAID = ((Voice.CUSTOMER, SECRET), (Voice.ASSISTANT, "I keep it to myself."))
DOORS = (
    ("GET", "/chat/{}/stream"),
    ("GET", "/chat/{}/stream?after=1.1"),
    ("GET", "/chats/{}/delete"),
    ("GET", "/chats/{}/export.json"),
    ("GET", "/chats/{}/export.txt"),
    ("POST", "/chats/{}/delete"),
    ("POST", "/chats/{}/name"),
    ("POST", "/chat/{}/rate"),
    ("POST", "/chat/person"),
)


def answer_of(street: Street, conversation: str) -> str:
    building = street.building
    with building.house.database.read(hers(street)) as session:
        found = session.query(Message).filter_by(voice="assistant")
        return next(str(m.id) for m in found if str(m.conversation_id) == conversation)


def hers(street: Street) -> Scope:
    return Scope.own(street.building.person("ada").id)


@pytest.mark.parametrize(("method", "path"), DOORS)
def test_it_is_as_absent_as_one_that_never_was(street: Street, method: str, path: str) -> None:
    theirs = street.conversation("ada", *SAID)
    never = theirs[:-4] + ("0000" if theirs[-4:] != "0000" else "1111")
    message = answer_of(street, theirs)
    for browser in (street.signed_in("ben"), street.signed_in("cleo"), street.browser()):
        told = []
        for key in (theirs, never):
            data = {"title": "mine", "message": message, "verdict": "bad"}
            fields = {
                "/chat/{}/rate": {"message": message, "verdict": "bad"},
                "/chat/person": {"conversation": key},
            }.get(path, data)
            answer = browser.request(method, path.format(key), data=fields if method == "POST" else None)
            assert answer.status_code == 404 and "wedding" not in answer.text, (path, answer.status_code)
            told.append(answer.text.replace(key, ""))
        assert told[0] == told[1]
    assert messages(street.building, "ada") == [(voice.value, text) for voice, text in SAID]
    with street.building.house.database.read(hers(street)) as session:
        assert session.query(Conversation).one().state == "open" and session.query(AnswerRating).count() == 0


def test_nor_through_the_desk_with_every_id_known(street: Street) -> None:
    theirs, ben = street.conversation("ada", *SAID), street.building.person("ben")
    message = answer_of(street, theirs)
    for command in (
        RenameConversation(theirs, "mine"),
        DeleteConversation(theirs),
        ExportConversation(theirs),
        RateAnswer(theirs, message, "bad"),
        AskForPerson(theirs),
    ):
        for actor in (ben.at_page(street.building.clock), ben.through_chat()):
            outcome = street.building.desk.submit(actor, command, request_id="")
            assert isinstance(outcome, Refused) and outcome.kind == "not_found", command
    assert entries(street.building, "conversation.exported") == []


def test_a_search_finds_nobody_elses_words(street: Street) -> None:
    theirs = street.conversation("ada", *SAID)
    for browser in (street.signed_in("ben"), street.browser()):
        for words in ("wedding", "surprise", theirs, "%", "_", "' OR 1=1 --"):
            page = browser.post("/chats", data={"words": words}).text
            assert "daughter" not in page and f"/chat/{theirs}" not in page
    assert f"/chat/{theirs}" in street.signed_in("ada").post("/chats", data={"words": "wedding"}).text
