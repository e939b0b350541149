"""SECURITY.md names a test for every threat, and every test of ``tests/attacks`` is named by a threat."""

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SECURITY = (ROOT / "SECURITY.md").read_text("utf-8")
ROW = re.compile(r"^\| (T\d+) \| (.+?) \| (.+?) \| \[`?([^`\]]+)`?\]\(([^)]+)\) \|$", re.MULTILINE)
THREATS = ROW.findall(SECURITY)
FILES = sorted((ROOT / "tests" / "attacks").glob("test_*.py"))


def test_every_threat_has_a_number_of_its_own_in_order() -> None:
    numbers = [number for number, *_ in THREATS]
    assert numbers == [f"T{n}" for n in range(1, len(numbers) + 1)] and len(numbers) >= 24
    assert len(re.findall(r"^\| T\d+ ", SECURITY, re.MULTILINE)) == len(THREATS), "a row has another form than the rest"


@pytest.mark.parametrize(("number", "threat", "stops", "name", "link"), THREATS, ids=[t[0] for t in THREATS])
def test_its_test_is_there_and_tests_something(number: str, threat: str, stops: str, name: str, link: str) -> None:
    file = ROOT / link
    assert file.is_file() and file.name == name
    assert file.name.startswith(f"test_t{int(number[1:]):02}_")
    body = ast.parse(file.read_text("utf-8"))
    assert (ast.get_docstring(body) or "").startswith(f"{number if int(number[1:]) > 9 else f'T0{number[1:]}'}: ")
    tests = [node for node in body.body if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")]
    assert tests
    for test in tests:
        assert any(isinstance(node, ast.Assert) for node in ast.walk(test)) or _delegates(test), test.name
    assert len(threat) > 20 and len(stops) > 10


def test_every_attack_is_named_by_a_threat() -> None:
    assert len(FILES) >= 24
    assert [file.name for file in FILES] == [name for *_, name, _ in THREATS]


def test_what_is_said_to_stop_it_exists() -> None:
    for number, _, stops, *_ in THREATS:
        modules = re.findall(r"`((?:auth|shop|agent|frontend|migrations)/[\w/.]+)`", stops)
        assert modules, f"{number} names no file that stops it"
        for module in modules:
            assert (ROOT / module).exists(), f"{number} names {module}, which is not there"


def test_the_policies_it_names_are_policies() -> None:
    known = set(re.findall(r'@id\("([^"]+)"\)', "".join(p.read_text() for p in (ROOT / "shop/policy").glob("*.cedar"))))
    named = set(re.findall(r"policy `([\w.-]+)`", SECURITY))
    assert named and named <= known


def test_the_judges_steps_are_those_of_the_code() -> None:
    steps = re.findall(r"# (\(\d+\))", (ROOT / "auth/guard/judge.py").read_text("utf-8"))
    section = SECURITY.partition("## How the judge decides")[2].partition("\n## ")[0]
    assert steps == [f"({n})" for n in range(1, len(steps) + 1)] and len(steps) >= 5
    assert re.findall(r"^(\d+)\. ", section, re.MULTILINE) == [step.strip("()") for step in steps]


def test_it_says_how_to_report_and_what_is_not_promised() -> None:
    for title in (
        "Reporting a vulnerability",
        "Supported versions",
        "Trust model",
        "Two walls",
        "What an attacker can still do",
    ):
        assert f"\n## {title}\n" in SECURITY


def _delegates(test: ast.FunctionDef) -> bool:
    """A test may assert through a helper of its file or wait for an exception."""
    calls = {ast.unparse(node.func) for node in ast.walk(test) if isinstance(node, ast.Call)}
    return bool(calls & {"refused", "pytest.raises", "_is_harmless"})
