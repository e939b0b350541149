"""The shop under attack: the real house on the database of this lane, and a street of browsers in front of it.

Its model says one sentence; the test that needs a worse one hands it to the house (:func:`wiles.hostile`).
"""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.agent.scripted import Scripted, says
from tests.browsing import Street
from tests.building import Building, build


@pytest.fixture
def empty_building(tmp_path: Path, database_url: str) -> Iterator[Building]:
    building = build(tmp_path, database_url=database_url, model=Scripted(says("I listen.")))
    yield building
    building.house.database.close()


@pytest.fixture
def street(building: Building) -> Street:
    return Street.before(building)
