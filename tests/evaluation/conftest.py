"""One stage for all conversations of this folder: each has a person of its own, so none gets in another's way."""

from collections.abc import Iterator

import pytest

from tests.evaluation.minds import Puppet, own
from tests.evaluation.stage import Stage, shelf_model


@pytest.fixture(scope="session")
def puppet() -> Puppet:
    return Puppet(own(shelf_model()))


@pytest.fixture(scope="session")
def stage(tmp_path_factory: pytest.TempPathFactory, puppet: Puppet) -> Iterator[Stage]:
    made = Stage(tmp_path_factory.mktemp("stage"), model=puppet)
    yield made
    made.close()
