"""`countersign clients` and `keys rotate-signing`: what the operator decides about programs stands in the log."""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from click.testing import Result
from typer.testing import CliRunner

from auth.database import Scope
from auth.oauth.clients import Client, find_client, proves_itself
from frontend.app import utc_now
from frontend.clients_cli import clients_cli, rotate_signing
from frontend.settings import SettingsRefused
from tests.browsing import entries, kinds
from tests.building import Building

HEADS = Path(tempfile.gettempdir()) / f"countersign-test-heads-{os.getuid()}"
Run = Callable[..., Result]


@pytest.fixture
def run(building: Building) -> Run:
    """The command line in the folder of the building, with its settings in the environment."""
    shutil.copytree(HEADS, building.folder / "model", dirs_exist_ok=True)
    environment = {
        "COUNTERSIGN_MODE": "demo",
        "COUNTERSIGN_DATA_FOLDER": str(building.folder),
        "COUNTERSIGN_DATABASE_URL": building.settings.database,
        "COUNTERSIGN_UNDERSTANDING": "n-grams",
    }
    keys = typer.Typer()
    keys.callback()(lambda: None)
    keys.command(name="rotate-signing")(rotate_signing)

    def call(*arguments: str) -> Result:
        return CliRunner().invoke(keys if arguments[0] == "rotate-signing" else clients_cli, arguments, env=environment)

    return call


ADD = ("add", "pocket-pine", "--name", "Pocket Pine", "--kind", "confidential")
BACK = ("--redirect", "https://pocket.example/back", "--scope", "openid", "--scope", "orders:read")


def test_a_program_is_added_listed_and_disabled_and_each_step_is_in_the_log(building: Building, run: Run) -> None:
    added = run(*ADD, *BACK)
    assert added.exit_code == 0, added.output
    secret = added.output.rpartition("once: ")[2].strip()
    with building.house.database.read(Scope.own(None)) as session:
        client = session.get_one(Client, "pocket-pine")
    assert proves_itself(client, secret) and not proves_itself(client, secret + "x")
    listed = run("list").output
    assert "pocket-pine  Pocket Pine (confidential)" in listed and secret not in listed
    assert "may ask for: openid orders:read" in listed and "https://pocket.example/back" in listed
    assert run("disable", "pocket-pine").exit_code == 0
    with building.house.database.read(Scope.own(None)) as session:
        assert find_client(session, "pocket-pine") is None
    assert [kind for kind in kinds(building) if kind.startswith("client.")] == ["client.added", "client.disabled"]
    assert all(secret not in entry.body for entry in entries(building))


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((*ADD,), "Where are people to be sent back to"),
        ((*ADD, "--redirect", "http://pocket.example/back"), "can't be an address"),
        ((*ADD, *BACK, "--scope", "everything"), "There is no scope everything"),
        (("add", "assistant", *ADD[2:], *BACK), "none of the shop's own names"),
        (("disable", "nobody"), "There is no program nobody"),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(run: Run, arguments: tuple[str, ...], words: str) -> None:
    refused = run(*arguments)
    assert isinstance(refused.exception, SettingsRefused) and words in str(refused.exception)


def test_the_signing_key_is_turned(building: Building, run: Run) -> None:
    assert run("rotate-signing").exit_code == 0
    assert run("rotate-signing", "--at-once").exit_code == 0
    with building.house.database.read(Scope.own(None)) as session:
        # The command line has the computer's own clock.
        assert len(building.house.issuer.keys.jwks(session, utc_now())["keys"]) == 1
    told = [entry.facts()["at_once"] for entry in entries(building, "signing_key.rotated")]
    assert told == [False, True]
