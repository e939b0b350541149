"""A small house of its own for each test of the desk, and a way to build one with a part replaced."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.small_house import SmallHouse, build_small_house


@pytest.fixture
def build_small(database_url: str, tmp_path: Path) -> Iterator[Callable[..., SmallHouse]]:
    """Build the house of this test; once."""
    built: list[SmallHouse] = []

    def build(**parts: Any) -> SmallHouse:
        built.append(build_small_house(database_url, tmp_path, **parts))
        return built[-1]

    yield build
    for house in built:
        house.database.close()


@pytest.fixture
def small(build_small: Callable[..., SmallHouse]) -> SmallHouse:
    return build_small()
