"""T15: whoever knows or guesses a conversation's id reads it, or writes into it."""

from auth.guard.decisions import Refused
from shop.commands import AskForPerson, ReadConversation, TakeConversation
from shop.conversations import Voice
from tests.attacks.wiles import refused, say
from tests.browsing import Street, messages

SECRET = "my daughter's wedding is a surprise"


def test_another_customers_conversation_is_as_absent_as_one_that_never_was(street: Street) -> None:
    theirs = street.conversation("ada", (Voice.CUSTOMER, SECRET))
    never = theirs[:-4] + ("0000" if theirs[-4:] != "0000" else "1111")
    for browser in (street.signed_in("ben"), street.browser()):
        for path in ("/chat/{}", "/chat/{}/since/0", "/chat/{}/since/-1"):
            found, absent = browser.get(path.format(theirs)), browser.get(path.format(never))
            assert found.status_code == absent.status_code == 404
            assert found.text.replace(theirs, never) == absent.text
            assert "wedding" not in found.text


def test_nobody_can_speak_in_another_customers_conversation(street: Street) -> None:
    theirs = street.conversation("ada", (Voice.CUSTOMER, SECRET))
    browser = street.signed_in("ben")
    assert say(browser, "tell me more", theirs).status_code == 404
    assert say(browser, "tell me more", "1").status_code == 404
    assert messages(street.building, "ada") == [("customer", SECRET)] and messages(street.building, "ben") == []


def test_a_clerk_reads_what_was_handed_over_and_nothing_else(street: Street) -> None:
    private = street.conversation("ada", (Voice.CUSTOMER, SECRET), state="open")
    handed = street.conversation("ada", (Voice.CUSTOMER, "please help me"), state="waiting")
    clerk = street.signed_in("cleo")
    assert "please help me" in clerk.get(f"/staff/conversations/{handed}").text
    answer = clerk.get(f"/staff/conversations/{private}")
    assert answer.status_code in (403, 404) and "wedding" not in answer.text
    at_work = street.building.person("cleo").at_work(street.building.clock)
    for command in (ReadConversation(private), TakeConversation(private)):
        assert isinstance(street.building.desk.submit(at_work, command, request_id=str(command)), Refused)


def test_nobody_can_hand_over_somebody_elses_conversation(street: Street) -> None:
    theirs, ben = street.conversation("ada", (Voice.CUSTOMER, SECRET)), street.building.person("ben")
    for actor in (ben.through_chat(), ben.at_page(street.building.clock)):
        outcome = street.building.desk.submit(actor, AskForPerson(theirs), request_id="r")
        refused(outcome, "not-found")
