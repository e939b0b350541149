"""The shop under attack: the real house on the database of this lane, and a street of browsers in front of it."""

import pytest

from tests.browsing import Street
from tests.building import Building


@pytest.fixture
def street(building: Building) -> Street:
    return Street.before(building)
