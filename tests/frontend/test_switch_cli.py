"""`countersign assistant stop`, `go-on` and `switches`: the same desk, for a clerk who shows a code."""

import os
import shutil
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
from click.testing import Result
from typer.testing import CliRunner

from auth.accounts import Account
from auth.database import Scope
from auth.sign_in import totp
from frontend.settings import SettingsRefused
from frontend.switch_cli import assistant_cli
from tests.browsing import entries
from tests.building import Building
from tests.switching import in_force, past

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
    return lambda *arguments: CliRunner().invoke(assistant_cli, list(arguments), env=environment)


@pytest.fixture
def codes(building: Building) -> Callable[[str], str]:
    """Codes of a person, each good for once: the command line lives in the real time."""
    secrets, used = dict[str, str](), dict[str, int]()

    def code(name: str) -> str:
        house, person = building.house, building.person(name)
        if name not in secrets:
            with house.database.begin(Scope.own(person.id)) as session:
                account = session.get_one(Account, person.id)
                then = datetime.now(UTC) - timedelta(hours=1)
                secrets[name] = totp.enrol(session, house.vault, account, now=then, issuer="test").secret
                first = pyotp.TOTP(secrets[name]).at(then)
                totp.confirm_enrolment(session, house.vault, person.id, first, now=then)
        # The app may be a step behind or ahead, so three codes are good at one moment.
        used[name] = used.get(name, -2) + 1
        return pyotp.TOTP(secrets[name]).at(datetime.now(UTC) + timedelta(seconds=30 * used[name]))

    return code


def test_stop_look_and_go_on(building: Building, run: Run, codes: Callable[[str], str]) -> None:
    cleo = building.person("cleo").email
    stopped = run("stop", "tool", "refund_order", "--as", cleo, "--code", codes("cleo"), "--why", "looks wrong")
    assert stopped.exit_code == 0 and "Stopped: the tool “refund order”." in stopped.stdout, stopped.output
    (switch,) = in_force(building)
    shown = run("switches").stdout
    assert switch.id in shown and "looks wrong" in shown and "Nothing was under way." in shown
    went_on = run("go-on", switch.id, "--as", cleo, "--code", codes("cleo"))
    assert went_on.exit_code == 0 and "It goes on" in went_on.stdout, went_on.output
    assert in_force(building) == [] and len(past(building)) == 1
    assert "The assistant answers." in run("switches").stdout


def test_it_takes_a_clerk_and_a_code(building: Building, run: Run, codes: Callable[[str], str]) -> None:
    ada, cleo = building.person("ada").email, building.person("cleo").email
    used = codes("cleo")
    assert run("stop", "model", "embedded", "--as", cleo, "--code", used, "--why", "x").exit_code == 0
    for who, code in ((ada, codes("ada")), (cleo, "000000"), (cleo, used), ("nobody@example.com", "123456")):
        refused = run("stop", "whole", "--as", who, "--code", code, "--why", "x")
        assert isinstance(refused.exception, SettingsRefused), (who, refused.output)
    assert [switch.reach for switch in in_force(building)] == ["model"]
    assert (len(entries(building, "step_up.succeeded")), len(entries(building, "step_up.refused"))) == (1, 2)


def test_what_is_not_there_is_said(building: Building, run: Run, codes: Callable[[str], str]) -> None:
    cleo = building.person("cleo").email
    refused = run("stop", "tool", "no_such_tool", "--as", cleo, "--code", codes("cleo"), "--why", "x")
    assert isinstance(refused.exception, SettingsRefused) and in_force(building) == []
