"""Every package the project names is explained with its locked version, and nothing is installed without a hash."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-model.lock", ".ci/uv.lock")
ROW = re.compile(r"^\| ([a-z0-9-]+) \| ([^|]+) \| ([^|]+) \|$", re.MULTILINE)
PIN = re.compile(r"^([a-z0-9][a-z0-9._-]*)==([^ ;\\]+)", re.MULTILINE)


def _named() -> dict[str, str]:
    """Each direct dependency and the version range pyproject.toml gives it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    requirements = [
        *project["project"]["dependencies"],
        *(each for extra in project["project"]["optional-dependencies"].values() for each in extra),
        *(each for group in project["dependency-groups"].values() for each in group),
    ]
    parts = [re.fullmatch(r"([A-Za-z0-9._-]+)(?:\[[^]]*])?(.*)", each) for each in requirements]
    # The weights are no dependency of the project: what they declare must never be installed.
    return {part[1].lower(): part[2] for part in parts if part} | _pins("requirements-model.lock")


def _explained() -> dict[str, str]:
    rows: list[tuple[str, str, str]] = ROW.findall((ROOT / "docs/dependencies.md").read_text())
    assert len(rows) == len({name for name, _, _ in rows}), "a package is explained twice"
    return {name: version.strip() for name, version, _ in rows}


def _pins(lock: str) -> dict[str, str]:
    return dict(PIN.findall((ROOT / lock).read_text()))


def test_every_dependency_is_explained_and_every_explanation_has_a_dependency() -> None:
    named, explained = set(_named()), set(_explained())
    assert named, "pyproject.toml names no dependency: the test reads it wrongly"
    assert named - explained == set(), "say in docs/dependencies.md why these are here"
    assert explained - named == set(), "docs/dependencies.md explains what is no longer used"


def test_the_page_gives_the_locked_version() -> None:
    pins, ranges = _pins("requirements-dev.lock"), _named()
    wrong = {
        name: (said, pins.get(name, ranges[name]))
        for name, said in _explained().items()
        if said != pins.get(name, ranges.get(name))
    }
    assert wrong == {}, "package: (said on the page, locked)"


def test_what_the_shop_runs_on_is_the_same_in_both_locks() -> None:
    runtime, tools = _pins("requirements.lock"), _pins("requirements-dev.lock")
    assert runtime.items() <= tools.items()


@pytest.mark.parametrize("lock", LOCKS)
def test_every_locked_package_has_hashes_and_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    entries = re.split(r"^(?=[a-z0-9])", re.sub(r"^\s*#.*\n", "", text, flags=re.MULTILINE), flags=re.MULTILINE)
    entries = [entry for entry in entries if entry.strip()]
    assert entries, f"{lock} is empty"
    for entry in entries:
        first = entry.splitlines()[0]
        assert PIN.match(entry), f"{lock}: {first!r} is not pinned to one version"
        assert re.search(r"--hash=sha256:[0-9a-f]{64}", entry), f"{lock}: {first!r} has no hash"
    assert "://" not in text, f"{lock} holds an address"
