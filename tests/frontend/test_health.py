"""What operators and demo visitors see: the state of the shop, and the outbox that only a demo has."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from auth.database import Database, Scope
from auth.mail import Mail, queue_mail
from frontend.app import create_app
from frontend.house import House
from tests.agent.scripted import Scripted, says
from tests.building import ORIGIN, Building, build, move_in

TEXT = (
    f"<b>Hello</b>, confirm here: {ORIGIN}/register/confirm/abc "
    f"and not at https://evil.example/x or {ORIGIN}.evil.example/y"
)


@pytest.fixture
def building(tmp_path: Path, database_url: str) -> Iterator[Building]:
    made = move_in(build(tmp_path, database_url=database_url, model=Scripted(says("Good day."))))
    yield made
    made.house.database.close()


def asked(building: Building, house: House, path: str):  # type: ignore[no-untyped-def]
    client = TestClient(create_app(building.settings, house, chores=False), base_url=ORIGIN)
    return client.get(path)


def test_health_names_sizes_and_no_secret(building: Building) -> None:
    answer = asked(building, building.house, "/health")
    assert answer.status_code == 200
    told = answer.json()
    assert told.keys() == {"status", "database", "audit", "assistant", "version"}
    assert told["status"] == "ok" and told["assistant"]["model"] == "Scripted"
    assert str(building.folder) not in answer.text


def test_a_database_that_is_away_is_told(building: Building) -> None:
    away = Database("sqlite:////nowhere/at/all.db")
    answer = asked(building, replace(building.house, database=away), "/health")
    assert answer.status_code == 503
    assert answer.json()["database"] == "away" and "/nowhere" not in answer.text


def test_the_outbox_links_to_this_shop_only(building: Building) -> None:
    house, ada = building.house, building.person("ada")
    with house.database.begin(Scope.own(ada.id)) as session:
        queue_mail(session, house.vault, ada.id, mail=Mail(ada.email, "Hello", TEXT), now=building.clock())
    page = asked(building, house, "/demo/outbox").text
    assert 'href="/register/confirm/abc"' in page and "&lt;b&gt;Hello" in page
    assert "evil.example" in page and 'href="https://evil' not in page and "evil.example/y</a>" not in page


def test_outside_the_demo_there_is_no_outbox(building: Building) -> None:
    assert asked(building, replace(building.house, demo=None), "/demo/outbox").status_code == 404
