"""What the assistant's tests share."""

from pathlib import Path

import pytest

from auth.guard.judge import Judge


@pytest.fixture(scope="session")
def repo_policies() -> Judge:
    """The shop's own policies, parsed."""
    return Judge(Path(__file__).parents[2] / "shop" / "policy")
