"""What the documents tell people to type and to open is there: commands, targets, files, tests, policies, anchors."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from auth.guard.judge import Judge
from frontend.cli import cli
from frontend.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
REQUIRED = (
    "README.md",
    "SECURITY.md",
    "CONTRIBUTING.md",
    "CHANGELOG.md",
    "docs/tour.md",
    "docs/make-it-yours.md",
    "docs/add-a-command.md",
    "docs/dependencies.md",
    "docs/settings.md",
)
# Words in backticks that look like a file of the tree and are made by the reader or while the shop runs.
MADE_LATER = ("var/", ".env", ".venv/", "node_modules/")
FLOORS = ("auth/", "shop/", "agent/", "frontend/", "tests/", "docs/", "migrations/", ".ci/")


def documents() -> list[Path]:
    return [path for path in (*ROOT.glob("*.md"), *sorted((ROOT / "docs").rglob("*.md"))) if path.name != "LICENSE.md"]


def _told(pattern: str) -> Iterator[tuple[str, str]]:
    for path in documents():
        for found in re.finditer(pattern, path.read_text("utf-8"), re.MULTILINE):
            yield path.relative_to(ROOT).as_posix(), found[1]


def targets() -> set[str]:
    return set(re.findall(r"^([a-z][a-z-]*):.*##", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def commands() -> set[str]:
    """Every command as it is typed: ``demo``, ``audit verify``."""
    group = typer.main.get_command(cli)
    found = set[str]()
    for name, command in group.commands.items():  # type: ignore[attr-defined]
        inner = getattr(command, "commands", None)
        found |= {f"{name} {sub}" for sub in inner} if inner else {name}
    return found


@pytest.mark.parametrize("name", REQUIRED)
def test_the_document_is_there_and_says_something(name: str) -> None:
    text = (ROOT / name).read_text("utf-8")
    assert text.startswith("# ") and len(text) > 200


def test_every_make_target_that_is_named_exists() -> None:
    named = {(path, target) for path, target in _told(r"(?:^|`|\$ |\s)make ([a-z][a-z-]+)(?=[`\s.,;:)]|$)")}
    in_code = {(path, target) for path, target in named if _is_code(path, f"make {target}")}
    assert {target for _, target in in_code} >= {"demo", "test", "check"}
    assert [(path, target) for path, target in sorted(in_code) if target not in targets()] == []


def test_every_command_that_is_named_exists() -> None:
    known = commands()
    assert {"demo", "serve", "seed", "audit verify", "audit export", "keys rotate"} <= known
    named = [
        (path, words)
        for path, words in _told(r"(?:`|^|\s|/)countersign ([a-z]+(?: [a-z][a-z-]*)?)")
        if _is_code(path, f"countersign {words}")
    ]
    assert named
    missing = [(path, words) for path, words in named if words not in known and words.split()[0] not in known]
    assert missing == []


def test_every_link_leads_somewhere() -> None:
    links = [(path, target) for path, target in _told(r"\]\(([^)\s]+)\)") if not target.startswith(("http", "mailto:"))]
    assert len(links) > 10
    broken = []
    for path, target in links:
        name, _, anchor = target.partition("#")
        file = (ROOT / path).parent / name if name else ROOT / path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in _anchors(file)):
            broken.append((path, target))
    assert broken == []


def test_every_file_that_is_named_exists() -> None:
    named = [
        (path, name)
        for path, name in _told(r"`([\w./-]+\.(?:py|md|toml|cedar|cedarschema|yml|yaml|txt|html|css|js))`")
        if name.startswith(FLOORS) and not name.startswith(MADE_LATER)
    ]
    assert len(named) > 20
    assert sorted({(path, name) for path, name in named if not (ROOT / name).exists()} - _examples()) == []


def test_every_policy_that_is_named_is_in_force() -> None:
    known = {rule.policy for rule in Judge(ROOT / "shop" / "policy").rules.values()}
    families = {policy.split(".")[0] for policy in known}
    named = [(p, n) for p, n in _told(r"`([a-z]+\.[a-z0-9-]+-[a-z0-9-]+)`") if n.split(".")[0] in families]
    assert named
    assert [(path, name) for path, name in named if name not in known and not name.endswith((".md", ".py"))] == []


def test_every_setting_that_is_named_exists() -> None:
    known = {f"COUNTERSIGN_{name.upper()}" for name in Settings.model_fields}
    compose = set(re.findall(r"COUNTERSIGN_[A-Z_]+[A-Z]", (ROOT / "docker-compose.yml").read_text("utf-8")))
    known |= compose | {"COUNTERSIGN_TEST_DATABASE", "COUNTERSIGN_CI"}
    assert sorted({(p, n) for p, n in _told(r"(COUNTERSIGN_[A-Z_0-9]+[A-Z0-9])") if n not in known}) == []


def _is_code(path: str, words: str) -> bool:
    """Whether the words stand in backticks or in a block of code: elsewhere *make sure* is no target."""
    text = (ROOT / path).read_text("utf-8")
    blocks = "\n".join(re.findall(r"```.*?```", text, re.DOTALL))
    spans = "\n".join(re.findall(r"`[^`\n]+`", text))
    return words in blocks or words in spans


def _anchors(file: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", file.read_text("utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", h.replace("`", "").lower()).strip().replace(" ", "-") for h in headings}


def _examples() -> set[tuple[str, str]]:
    """Files that a how-to tells its reader to make; the how-to calls them new."""
    found = set[tuple[str, str]]()
    for path in documents():
        text = path.read_text("utf-8")
        for name in re.findall(r"(?i)\b(?:new|create|write|add) (?:file |the file )?`([\w./-]+)`", text):
            found.add((path.relative_to(ROOT).as_posix(), name))
    return found
