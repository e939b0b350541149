"""The page that shows what the model saw: exactly what a scripted model got, for its owner only, and bounded."""

import json
import re
from collections.abc import Callable, Sequence
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from langchain_core.messages import AIMessage, BaseMessage, SystemMessage, ToolMessage
from sqlalchemy import func, select

from agent.middleware.inspector import tool_digest
from agent.tools import TOOLS
from auth.database import Scope
from shop.conversations import delete_conversation, find_conversation, messages_of
from shop.model_calls import MOST_KEPT, Call, ModelCall, calls_of, keep_calls
from tests.agent.scripted import Scripted, says
from tests.building import Building, build, move_in
from tests.frontend.conftest import Browser, words

ODD = "Where is it? </pre><script>alert(1)</script> &amp; „Grüße“ ☃"


@pytest.fixture
def model() -> Scripted:
    return Scripted(says("Let me look.", ("list_orders", {})), says("Here they are."))


@pytest.fixture
def building(tmp_path: Path, database_url: str, model: Scripted) -> Building:
    return move_in(build(tmp_path, database_url=database_url, model=model))


@pytest.fixture
def ada(as_person: Callable[..., Browser]) -> Browser:
    return as_person("ada")


def say(browser: Browser, message: str, conversation: str = "") -> str:
    answer = browser.post("/chat", {"conversation": conversation, "message": message, "hint": ""})
    assert answer.status_code == 303
    return str(answer.headers["location"]).partition("#")[0]


def shown(html: str) -> list[str]:
    return [unescape(text) for text in re.findall(r"<pre[^>]*>(.*?)</pre>", html, re.DOTALL)]


def as_handed(messages: Sequence[BaseMessage]) -> str:
    """The same call, written down from what the model itself got."""
    told: list[dict[str, Any]] = []
    for message in messages:
        one: dict[str, Any] = {"role": message.type, "content": message.content}
        if isinstance(message, AIMessage) and message.tool_calls:
            one["calls"] = [{key: call[key] for key in ("id", "name", "args")} for call in message.tool_calls]
        if isinstance(message, ToolMessage):
            one |= {"call": message.tool_call_id, "name": message.name}
        told.append(one | ({"more": message.additional_kwargs} if message.additional_kwargs else {}))
    assert isinstance(messages[0], SystemMessage)
    tools = [{"name": tool.name, "digest": tool_digest(tool)} for tool in TOOLS]
    call = {"model": "Scripted", "prompt": messages[0].content, "messages": told[1:], "tools": tools}
    return json.dumps(call, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def kept(building: Building) -> int:
    with building.house.database.read(Scope.house("a test counts")) as session:
        return session.scalar(select(func.count()).select_from(ModelCall)) or 0


def test_the_page_shows_byte_for_byte_what_the_model_got(ada: Browser, model: Scripted) -> None:
    page = ada.get(f"{say(ada, ODD)}/seen")
    assert page.status_code == 200 and "<script>alert(1)" not in page.text
    assert len(model.seen) == 2
    assert shown(page.text) == [as_handed(messages) for messages in model.seen]
    text = words(page.text)
    assert "which runs inside this shop" in text and "list_orders" in text
    assert f"{len(shown(page.text)[0].encode()):,} bytes" in text


def test_a_call_names_what_was_withheld_and_a_turn_without_calls_says_so(
    ada: Browser, model: Scripted, building: Building
) -> None:
    empty = words(ada.get("/chat/latest/seen").text)
    assert "Nothing yet" in empty
    order = building.orders["ada.paid"]
    model._steps[:] = [says("", ("cancel_order", {"order": order})), says("A card is waiting.")]
    page = words(ada.get(f"{say(ada, f'cancel {order}')}/seen").text)
    assert "Nothing had to be withheld from it." in page and "1 record shown by a handle" in page
    assert page == words(ada.get("/chat/latest/seen").text)


def test_it_is_there_for_its_owner_only(ada: Browser, as_person: Callable[..., Browser], visitor: Browser) -> None:
    path = f"{say(ada, 'my secret is Marzipanfox')}/seen"
    never = f"/chat/{'0' * 8}-0000-7000-8000-{'0' * 12}/seen"
    for browser in (as_person("ben"), as_person("cleo", with_code=True), visitor):
        theirs, absent = browser.get(path), browser.get(never)
        assert theirs.status_code == absent.status_code == 404
        assert "Marzipanfox" not in theirs.text
    assert "Marzipanfox" in ada.get(path).text
    assert "Marzipanfox" not in as_person("ben").get("/chat/latest/seen").text


def test_the_newest_calls_are_kept_and_older_ones_dropped(ada: Browser, building: Building) -> None:
    path, me = say(ada, "hello"), building.person("ada").id
    with building.house.database.begin(Scope.own(me)) as session:
        found = find_conversation(session, me, path.removeprefix("/chat/"))
        assert found is not None
        (message, *_) = messages_of(session, found)
        calls = [Call("m", False, b'{"tools":[]}', {"name": n}) for n in range(MOST_KEPT + 3)]
        for part in (calls[:5], calls[5:]):
            keep_calls(session, building.house.vault, found, message_id=message.id, calls=part, at=building.clock())
        shown_ = calls_of(session, building.house.vault, found)
        assert [view.withheld["name"] for view in shown_] == list(range(3, MOST_KEPT + 3))
    assert kept(building) == MOST_KEPT
    assert len(shown(ada.get(f"{path}/seen").text)) == MOST_KEPT


def test_deleting_a_conversation_deletes_its_calls(ada: Browser, building: Building) -> None:
    key = say(ada, "hello").removeprefix("/chat/")
    assert kept(building) == 2
    me = building.person("ada").id
    with building.house.database.begin(Scope.own(me)) as session:
        assert delete_conversation(session, me, key, at=building.clock())
    assert kept(building) == 0


def test_what_was_seen_lies_sealed(ada: Browser, building: Building) -> None:
    say(ada, "Marzipanfox " * 20)
    with building.house.database.read(Scope.house("a test looks")) as session:
        rows = session.scalars(select(ModelCall)).all()
        assert rows and all(row.handed and b"Marzipanfox" not in row.handed for row in rows)
        assert all(b"prompt" in building.house.vault.open_bytes(session, row, "handed") for row in rows)
