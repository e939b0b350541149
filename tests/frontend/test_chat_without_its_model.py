"""The chat when the hosted model is away: through the door, from the setting to what is stored, told and audited."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.middleware.standby import NOTICE
from auth.audit import AuditEntry
from auth.database import Scope
from frontend.app import build_house
from frontend.settings import read_settings
from tests.agent.fake_provider import FakeProvider, Refuses, provider
from tests.browsing import Street
from tests.building import Building, build, move_in


@pytest.fixture
def away() -> Iterator[FakeProvider]:
    with provider(Refuses(400)) as fake:
        yield fake


@pytest.fixture
def building(tmp_path: Path, database_url: str, away: FakeProvider) -> Iterator[Building]:
    """A house as the settings make it, with a model that refuses every request."""
    made = move_in(build(tmp_path, database_url=database_url))
    made.settings = read_settings(
        **{**made.settings.model_dump(), "model": away.openai, "model_key": "sk-of-the-shop", "_env_file": None}
    )
    made.house.database.close()
    made.house = build_house(made.settings, clock=made.clock, gateway=made.gateway)
    yield made
    made.house.database.close()


def test_the_customer_is_told_the_answer_comes_and_the_log_says_why(building: Building, away: FakeProvider) -> None:
    browser = Street.before(building).signed_in("ada")
    form = {"conversation": "", "message": "Where is my last order?", "hint": ""}
    answer = browser.post("/chat", data=form, headers={"Accept": "text/event-stream"})
    events = [(n, json.loads(d)) for n, d in re.findall(r"^event: (.*)\ndata: (.*)$", answer.text, re.MULTILINE)]
    assert [told for name, told in events if name == "notice"] == [{"says": NOTICE}]
    assert events[-1][0] == "done" and building.orders["ada.paid"] in answer.text
    page = browser.get(f"/chat/{events[0][1]['conversation']}").text
    assert page.count(NOTICE) == 1 and building.orders["ada.paid"] in page
    with building.house.database.read(Scope.house("a test reads the log")) as session:
        (noted,) = session.query(AuditEntry).filter_by(kind="model.stood_in")
        assert '"status-400"' in str(noted.body).replace("'", '"')
        assert not re.search(r"(?i)zephyrwick|juniper", str(noted.body))
    assert "The built-in model gave it" in browser.get("/account/activity").text
    assert away.headers[0]["authorization"] == "Bearer sk-of-the-shop"


def test_health_names_the_model_without_its_address(building: Building, away: FakeProvider) -> None:
    told = Street.before(building).browser().get("/health").json()["assistant"]
    assert told["model"] == "openai:fake-model" and told["is_resting"] is False and told["voters"]
