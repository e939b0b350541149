"""Dialogues of our own, for each cause of a failure some: all of them go right."""

from collections.abc import Iterator

import pytest
import yaml

from tests.evaluation.dialogues import Play, Script
from tests.evaluation.stage import Stage
from tests.evaluation.understanding import CORPORA

FILES = sorted((CORPORA / "own_dialogues").glob("*.yaml"))
SCRIPTS: list[Script] = [script for file in FILES for script in yaml.safe_load(file.read_text("utf-8"))]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    stage = Stage(tmp_path_factory.mktemp("own"))
    yield stage
    stage.close()


@pytest.mark.parametrize("script", SCRIPTS, ids=[script["id"] for script in SCRIPTS])
def test_it_leaves_the_right_records_and_tells_the_facts(stage: Stage, script: Script) -> None:
    stage.restock()
    verdict = Play(stage, script).through()
    assert verdict.is_right, (verdict.records, verdict.facts, verdict.astray)
