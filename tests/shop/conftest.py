"""A small house of its own for each test of the shop."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.small_house import SmallHouse, build_small_house


@pytest.fixture
def small(database_url: str, tmp_path: Path) -> Iterator[SmallHouse]:
    house = build_small_house(database_url, tmp_path)
    yield house
    house.database.close()
