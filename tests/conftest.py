"""What every test may ask for: a house of its own, on the database this lane runs on."""

import os

# One thread of linear algebra a process: more only get in each other's way when tests run beside each other.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

from collections.abc import Iterator
from pathlib import Path

import pytest

from auth.database import Database
from frontend.upgrade import upgrade
from tests.building import Building, build, migrated_sqlite, move_in

pytest_plugins = ["tests.postgres_server"]

ON_POSTGRES = os.environ.get("COUNTERSIGN_TEST_DATABASE") == "postgres"


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On PostgreSQL only what asks for a database runs: the rest would be the same as on SQLite."""
    if not ON_POSTGRES:
        return
    asking = {"database_url", "postgres_server"}
    others = [item for item in items if not asking.intersection(getattr(item, "fixturenames", ()))]
    config.hook.pytest_deselected(items=others)
    items[:] = [item for item in items if item not in others]


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("template") / "migrated.db"


@pytest.fixture
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A fresh migrated database: SQLite, or PostgreSQL as a role that is neither superuser nor owner."""
    if not ON_POSTGRES:
        yield migrated_sqlite(request.getfixturevalue("sqlite_template"), tmp_path)
        return
    server = request.getfixturevalue("postgres_server")
    name = server.fresh_database(_migrate)
    yield server.urls(name).app
    server.drop_database(name)


@pytest.fixture
def empty_building(tmp_path: Path, database_url: str) -> Iterator[Building]:
    building = build(tmp_path, database_url=database_url)
    yield building
    building.house.database.close()


@pytest.fixture
def building(empty_building: Building) -> Building:
    """A house with Ada and Ben (customers), Cleo and Dov (clerks), their things and their orders."""
    return move_in(empty_building)


def _migrate(owner_url: str) -> None:
    database = Database(owner_url)
    upgrade(database.engine)
    database.close()
