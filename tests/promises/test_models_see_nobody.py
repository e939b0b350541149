"""No byte handed to a model holds a personal value of the account, over all tools and whatever the customer types."""

import asyncio
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import inspect, select

from agent.assistant import Assistant
from agent.memory import customer_says
from agent.models import LoadedModel
from agent.tools import TOOLS
from agent.turn import Turn
from auth.accounts import Account
from auth.database import Scope, new_id
from auth.vault import Sealed
from shop.addresses import Address
from shop.catalogue import Product
from shop.conversations import start_conversation
from shop.orders import Order
from shop.personal import find_personal
from shop.reviews import Review
from tests.agent.scripted import Scripted, says
from tests.browsing import Street, cards
from tests.building import Building, Person, build, move_in
from tests.promises.test_every_tool import FIT

SHOWN_AS_THEY_ARE = {"label": {"Home", "Office"}}
QUICK = settings(
    max_examples=25,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@dataclass(frozen=True)
class Watched:
    """Ada's house, and everything about her that is sealed: what a model must not see."""

    building: Building
    ada: Person
    conversation: str
    values: tuple[str, ...]

    def found(self, handed: bytes) -> list[str]:
        text = json.loads(handed)
        said = json.dumps(text["messages"], ensure_ascii=False)
        return [value for value in self.values if re.search(rf"(?<!\w){re.escape(value)}(?!\w)", said, re.IGNORECASE)]


@pytest.fixture
def watched(tmp_path: Path, database_url: str) -> Iterator[Watched]:
    building = move_in(build(tmp_path, database_url=database_url))
    house, ada, now = building.house, building.person("ada"), building.clock()
    with house.database.begin(Scope.house("a test moves in")) as session:
        telling = Address(id=new_id(now), account_id=ada.id, country="IE", created_at=now)
        session.add(telling)
        told = {"label": "Mossgatewell flat", "recipient": "Gwendolyne Tarrowby", "street": "3 Mossgatewell Row"}
        for column, text in {**told, "postcode": "QZ9 7XK", "city": "Larkdune"}.items():
            house.vault.seal(session, telling, column, text)
        product = session.scalars(select(Product).where(Product.handle == "harbour-mug")).one()
        _review(session, product, now)
    with house.database.begin(Scope.own(ada.id)) as session:
        conversation = str(start_conversation(session, house.vault, ada.id, at=now).id)
    yield Watched(building, ada, conversation, tuple(_sealed(building, ada)))
    house.database.close()


def _review(session: Any, product: Product, now: Any) -> None:
    """Somebody has written about Ada."""
    text = "Ada Zephyrwick of 7 Juniperlane told me of it: ada.zephyrwick@example.com"
    session.add(Review(id=new_id(now), product_id=product.id, stars=5, text=text, written_at=now))


def _sealed(building: Building, person: Person) -> Iterator[str]:
    house = building.house
    with house.database.read(Scope.own(person.id)) as session:
        for model in (Account, Address, Order):
            columns = [c.key for c in inspect(model).column_attrs if isinstance(c.columns[0].type, Sealed)]
            for row in session.scalars(select(model)).all():
                values = {column: house.vault.open(session, row, column) for column in columns}
                for column, value in values.items():
                    if value and value not in SHOWN_AS_THEY_ARE.get(column, ()):
                        yield value
    yield from person.name.split()
    yield from ("Mossgatewell", "Gwendolyne", "Tarrowby")


def answered(watched: Watched, said: str, calls: Sequence[tuple[str, dict[str, Any]]], *, is_remote: bool) -> Turn:
    """One turn of the real assistant at the real desk, with a model that makes these calls one by one."""
    house, ada = watched.building.house, watched.ada
    model = Scripted(*(says("", call) for call in calls), says("That is all."))
    assistant = Assistant(LoadedModel(model, is_remote, "scripted"), policy_version="p", environment={})
    with house.database.read(Scope.own(ada.id)) as session:
        personal = find_personal(session, house.vault, ada.id)
    actor = ada.at_page(watched.building.clock)
    turn = assistant.turn(
        actor, house.desk, conversation=watched.conversation, turn_id=said, note=lambda note: None, personal=personal
    )

    async def all_of_it() -> None:
        async for _ in assistant.answer(turn, [customer_says(said)]):
            pass

    asyncio.run(all_of_it())
    return turn


def fitting(watched: Watched, name: str) -> dict[str, Any]:
    order = watched.building.orders["ada.paid"]
    return {key: order if key == "order" else value for key, value in FIT[name].items()}


def test_every_tool_can_be_called_here() -> None:
    assert {tool.name for tool in TOOLS} == set(FIT)


def test_there_is_something_to_hold_back(watched: Watched) -> None:
    assert {"Ada Zephyrwick", "7 Juniperlane", "D02 X285", "Dublin", "Mossgatewell flat"} <= set(watched.values)


@pytest.mark.parametrize("is_remote", [True, False])
@QUICK
@given(data=st.data())
def test_no_personal_value_is_in_any_byte_handed_to_a_model(
    watched: Watched, is_remote: bool, data: st.DataObject
) -> None:
    names = data.draw(st.lists(st.sampled_from(sorted(FIT)), min_size=1, max_size=4))
    typed = data.draw(st.lists(st.sampled_from([*watched.values, "please", "HP-7K3M-29QD", "?"]), max_size=4))
    # A model in the house may see what the customer types; what the tools tell it is held back there as well.
    said = " ".join(["hello", *typed]) if is_remote else "hello"
    calls = [(name, fitting(watched, name)) for name in names]
    turn = answered(watched, said, calls, is_remote=is_remote)
    assert turn.handed and len(turn.used) >= 1
    assert [found for handed in turn.handed if (found := watched.found(handed.content))] == []


def test_the_search_finds_what_was_handed_over(watched: Watched) -> None:
    turn = answered(watched, "I am Ada Zephyrwick", [("list_orders", {})], is_remote=False)
    assert "Ada Zephyrwick" in watched.found(turn.handed[0].content)


def test_a_review_about_a_customer_is_shown_without_them(watched: Watched) -> None:
    turn = answered(watched, "hello", [("read_reviews", {"product": "harbour-mug"})], is_remote=False)
    seen = turn.handed[-1].content.decode()
    assert "told me of it" in seen and "[name:1]" in seen and "[street:1]" in seen and "[email:1]" in seen


def test_through_the_pages_a_remote_model_sees_nobody_and_the_command_has_what_was_typed(
    tmp_path: Path, database_url: str
) -> None:
    call = ("ask_for_person", {"summary": "ring [name:1] at [phone:1], [street:1]"})
    model = Scripted(says("", call), says("I have asked for a person."))
    building = move_in(build(tmp_path, database_url=database_url, model=LoadedModel(model, True, "remote:test")))
    street = Street.before(building)
    browser = street.signed_in("ada")
    said = "I am Zephyrwick, ring me: +353 1 234 5678, at 7 Juniperlane"
    answer = browser.post("/chat", data={"message": said})
    path = answer.headers["location"].partition("#")[0]
    everything = str(model.seen)
    assert model.seen and not [word for word in ("Zephyrwick", "234 5678", "Juniperlane") if word in everything]
    page = browser.get(f"{path}/seen").text
    assert "runs outside this shop" in page and "1 name, 1 telephone number, 1 street" in page
    clerk = street.signed_in("cleo")
    assert "ring Zephyrwick at +353 1 234 5678, 7 Juniperlane" in clerk.get(f"/staff/conversations/{path[6:]}").text
    building.house.database.close()


@pytest.mark.parametrize("said", ["send {order} to the Mossgatewell flat.", "send {order} to another address"])
def test_the_embedded_model_sends_a_parcel_to_a_label_it_cannot_read(watched: Watched, said: str) -> None:
    street, order = Street.before(watched.building), watched.building.orders["ada.paid"]
    browser = street.signed_in("ada")
    path = browser.post("/chat", data={"message": said.format(order=order)}).headers["location"].partition("#")[0]
    if "another" in said:
        assert 'value="Mossgatewell flat"' in browser.get(path).text, "the button has the label itself"
        browser.post("/chat", data={"message": "Mossgatewell flat", "conversation": path.removeprefix("/chat/")})
    (card,) = cards(street.building, "ada")
    house = watched.building.house
    with house.database.read(Scope.own(watched.ada.id)) as session:
        command = house.vault.open(session, session.merge(card, load=False), "command")
    assert "address:mossgatewell-flat" in command
    handed = re.findall(r"<pre[^>]*>(.*?)</pre>", browser.get(f"{path}/seen").text, re.DOTALL)
    assert handed and not [text for text in handed if "Mossgatewell" in text]
