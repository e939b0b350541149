"""T21: the guards are off while the tests run, by a patch or by a switch, so that the tests prove nothing."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from frontend.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("auth", "shop", "agent", "frontend")
PATCHES = re.compile(
    r"mock\.patch|MagicMock|patch\(|patch\.object|dependency_overrides|mocker\.|monkeypatch\.(?:setattr|delattr|setitem)"
)
SWITCHES = re.compile(
    r"PYTEST_CURRENT_TEST|[\"']TESTING[\"']|sys\.modules|is_test|in_tests|under_test|DISABLE_|SKIP_AUTH"
)


# Each of these hands something in where a constructor has no place for it, and leaves the guard it is about in force.
# The list only shrinks.
EXCEPTIONS = {
    "tests/auth/sign_in/test_ceremony.py": "makes hashing slower, so that a password can change in between",
    "tests/auth/sign_in/test_mail.py": "stands in for the mail server",
    "tests/auth/sign_in/test_passwords.py": "listens to what the hashing library is asked",
    "tests/auth/sign_in/test_second_factor.py": "lifts the limit on tries, so that compare-and-set alone must decide",
    "tests/auth/test_vault.py": "lets the disk be full",
    "tests/promises/test_imports.py": "holds examples of patches as texts",
}


def test_no_test_patches_the_house() -> None:
    files = [path for path in (ROOT / "tests").rglob("*.py") if path.name != _ME]
    found = [_say(path, line) for path in files for line in _lines(path) if PATCHES.search(line)]
    assert len(files) > 50 and len(EXCEPTIONS) <= 6
    new = [line for line in found if line.partition(":")[0] not in EXCEPTIONS]
    assert new == [], "hand another object to the house instead (tests/building.py)"


def test_no_floor_knows_that_it_is_being_tested() -> None:
    found = [_say(path, line) for path in _sources() for line in _lines(path) if SWITCHES.search(line)]
    assert found == []


def test_only_the_settings_and_the_start_of_the_assistant_read_the_environment() -> None:
    readers = {
        path.relative_to(ROOT).as_posix()
        for path in _sources()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Attribute) and node.attr in {"environ", "getenv"}
    }
    # The assistant refuses to start when tracing is on; reading its environment can only close the door. The floor's
    # own file sets how many threads numpy takes, before numpy is there.
    assert readers <= {"agent/__init__.py", "agent/assistant.py", "agent/models.py", "frontend/settings.py"}, readers


def test_no_setting_is_a_switch_for_a_guard() -> None:
    words = re.compile(r"disable|enable|skip|insecure|bypass|unsafe|guard|check_|_check|csrf|auth|debug|test")
    assert len(Settings.model_fields) > 10
    assert [name for name in Settings.model_fields if words.search(name)] == []
    assert [name for name, field in Settings.model_fields.items() if field.annotation is bool] == []


def test_no_guard_is_a_bare_assert() -> None:
    """``python -O`` removes asserts, so none may stand where a policy, a scope or a type is decided."""
    bare = []
    for path in _sources():
        lines = path.read_text("utf-8").splitlines()
        for node in ast.walk(ast.parse("\n".join(lines))):
            if isinstance(node, ast.Assert) and "noqa: S101" not in " ".join(lines[node.lineno - 1 : node.end_lineno]):
                bare.append(_say(path, lines[node.lineno - 1]))
    assert bare == []


_ME = Path(__file__).name


def _sources() -> Iterator[Path]:
    for floor in FLOORS:
        yield from (ROOT / floor).rglob("*.py")


def _lines(path: Path) -> list[str]:
    return path.read_text("utf-8").splitlines()


def _say(path: Path, line: str) -> str:
    return f"{path.relative_to(ROOT)}: {line.strip()}"
