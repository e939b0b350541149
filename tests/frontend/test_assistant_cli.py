"""`countersign assistant check` and `try`: what an author of examples sees, and what a program reads."""

import json
import os
import shutil
import tempfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from agent.local.model import HERE, EmbeddedModel
from frontend.assistant_cli import assistant_cli

HEADS = Path(tempfile.gettempdir()) / f"countersign-test-heads-{os.getuid()}"
QUICK = ["--n-grams-only", "--heads", str(HEADS)]


def run(*arguments: str) -> str:
    done = CliRunner().invoke(assistant_cli, [*arguments, *QUICK])
    assert done.exit_code == 0, done.output
    return done.stdout


def test_check_counts_the_examples_and_finds_no_duplicates() -> None:
    told = run("check")
    assert "examples of" in told and "same example twice" not in told


def test_try_says_what_is_understood_and_why() -> None:
    told = run("try", "cancel the tent and where is my mug?")
    assert "cancel_order" in told and "track_order" in told
    assert "nearest by n-grams" in told and "acts" in told


def test_try_writes_one_json_line_for_each_sentence(tmp_path: Path) -> None:
    file = tmp_path / "sentences.txt"
    file.write_text(
        "where is HP-7K3M-29QD?\n\nWo ist mein Paket?\nshow my basket and cancel the tent\n", encoding="utf-8"
    )
    lines = [json.loads(line) for line in run("try", "--file", str(file), "--json").splitlines()]
    first, german, several = lines
    assert (first["action"], first["asks_back"]) == ("track_order", False)
    assert first["slots"]["orders"] == ["HP-7K3M-29QD"] and 0.5 <= first["confidence"] <= 1
    assert (german["action"], german["language"]) == ("track_order", "de") and "requests" not in german
    assert [part["action"] for part in several["requests"]] == ["show_basket", "cancel_order"]
    assert {"action", "intent", "confidence", "slots", "asks_back"} <= set(several)


def test_try_wants_a_sentence_or_a_file() -> None:
    assert CliRunner().invoke(assistant_cli, ["try", *QUICK]).exit_code == 2


@pytest.fixture
def two_alike(tmp_path: Path) -> EmbeddedModel:
    """A folder in which one example stands under two intents."""
    shutil.copytree(HERE, tmp_path / "local", ignore=shutil.ignore_patterns("*.py", "__pycache__"))
    greet = tmp_path / "local" / "intents" / "greet.yaml"
    greet.write_text(greet.read_text("utf-8").replace("  en: |\n", "  en: |\n    Where is my  order?\n", 1), "utf-8")
    return EmbeddedModel(folder=tmp_path / "local", with_embeddings=False)


def test_an_example_under_two_intents_is_a_duplicate_and_ends_the_check(
    two_alike: EmbeddedModel, tmp_path: Path
) -> None:
    pairs = two_alike.examined().duplicates
    assert [{lesson.intent for lesson in pair} == {"greet", "where_is_order"} for pair in pairs].count(True) >= 1
    folder, heads = str(two_alike.folder), str(tmp_path / "heads")
    done = CliRunner().invoke(assistant_cli, ["check", "--n-grams-only", "--folder", folder, "--heads", heads])
    assert done.exit_code == 1 and "same example twice" in done.stdout
