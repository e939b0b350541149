"""The shape of the house: imports go down, status codes stay with the web, files and classes are named after things, no
test switches a guard off, and no template carries a script or a style of its own.

Each rule is a function from source text to complaints; beside the test that asks it of the tree stands one that shows
it a breach, so a rule that has gone blind is noticed.
"""

import ast
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLOORS = ("frontend", "agent", "shop", "auth")
MAY_SPEAK_HTTP = ("frontend/errors.py", "auth/web/", "auth/oauth/")
VAGUE_FILES = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "core",
    "base",
    "manager",
    "misc",
    "services",
    "models_base",
}
VAGUE_CLASSES = ("Service", "Repository", "Manager", "Helper")
# What a test must meet as it is. A test is an app with a scripted model and a stopped clock; nothing else is exchanged.
GUARDED = ("auth", "shop.policy", "shop.rooms", "agent.middleware", "agent.turn", "frontend.app", "cedarpy")
# Methods of the guards: they may not be exchanged on an object either, whatever the test calls that object.
GUARDING = {"submit", "approve", "judge", "decide", "spend", "mint", "closing", "record", "seal", "open"}
PATCHERS = {"setattr", "delattr", "setitem", "delitem", "patch", "object", "dict", "multiple"}


def _sources(*folders: str) -> Iterator[tuple[str, str]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _templates() -> Iterator[tuple[str, str]]:
    for path in sorted((ROOT / "frontend").rglob("*.html*")):
        yield path.relative_to(ROOT).as_posix(), path.read_text(encoding="utf-8")


def _complaints(rule: Callable[[str, str], list[str]], sources: Iterator[tuple[str, str]]) -> list[str]:
    read = list(sources)
    assert read, "nothing was read: the rule looks in the wrong place"
    return [complaint for path, text in read for complaint in rule(path, text)]


def status_codes(path: str, text: str) -> list[str]:
    """HTTP status codes outside the files that may speak of them."""
    if path.startswith(MAY_SPEAK_HTTP):
        return []
    return [f"{path}:{line}: {what}" for line, what in _status_codes(ast.parse(text))]


def _status_codes(tree: ast.AST) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(keywords=keywords, func=called) if any(k.arg == "status_code" for k in keywords):
                yield node.lineno, f"{ast.unparse(called)}(status_code=…)"
            case ast.Call(func=called, args=[_, ast.Constant(value=int()), *_]) if _last(called).endswith("Response"):
                yield node.lineno, f"{ast.unparse(called)} with a number"
            case ast.Name(id="HTTPException" | "HTTPStatus") | ast.Attribute(attr="HTTPException" | "HTTPStatus"):
                yield node.lineno, ast.unparse(node)
            case ast.Assign(targets=[ast.Attribute(attr="status_code")]):
                yield node.lineno, "an assignment to status_code"
            case ast.ImportFrom(names=names) if any(n.name in {"HTTPException", "HTTPStatus"} for n in names):
                yield node.lineno, "an import of a status or its exception"
            case _:
                pass


def vague_names(path: str, text: str) -> list[str]:
    """Files and classes named after a layer or after nothing."""
    names = {part.removesuffix(".py") for part in path.split("/")}
    found = [f"{path}: {name!r} says nothing about the thing" for name in sorted(names & VAGUE_FILES)]
    classes = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.ClassDef)]
    return found + [f"{path}: class {c.name}" for c in classes if c.name.endswith(VAGUE_CLASSES)]


def disarmed_guards(path: str, text: str) -> list[str]:
    """Patches of anything on the list of guards, by monkeypatch, by mock or by plain assignment."""
    tree = ast.parse(text)
    imported = _imported(tree)
    return [
        f"{path}:{line}: exchanges {target}"
        for line, target in _patched(tree, imported)
        if any(re.match(rf"{re.escape(guard)}(\W|$)", target) for guard in GUARDED)
    ]


def _patched(tree: ast.AST, imported: dict[str, str]) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=called, args=[_, ast.Constant(value=str(method)), *_]) if (
                _last(called) in PATCHERS and method in GUARDING
            ):
                yield node.lineno, f"auth: {method}()"
            case ast.Call(func=called, args=[first, *_]) if _last(called) in PATCHERS and "." in ast.unparse(called):
                yield node.lineno, _full_name(first, imported)
            case ast.Call(func=ast.Name(id="patch" | "setattr" | "delattr"), args=[first, *_]):
                yield node.lineno, _full_name(first, imported)
            case ast.Assign(targets=targets):
                yield from ((node.lineno, _full_name(t, imported)) for t in targets if isinstance(t, ast.Attribute))
            case _:
                pass


def _imported(tree: ast.AST) -> dict[str, str]:
    """Local name to full name, for every import in the file."""
    names: dict[str, str] = {}
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {a.asname: a.name for a in aliases if a.asname}
                names |= {root: root for root in (a.name.split(".")[0] for a in aliases if not a.asname)}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {(a.asname or a.name): f"{module}.{a.name}" for a in aliases}
            case _:
                pass
    return names


def _full_name(node: ast.expr, imported: dict[str, str]) -> str:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    root, _, rest = ast.unparse(node).partition(".")
    return f"{imported.get(root, '')}.{rest}".rstrip(".") if root in imported else ""


def _last(called: ast.expr) -> str:
    return ast.unparse(called).rsplit(".", 1)[-1]


def inline_code(path: str, text: str) -> list[str]:
    """Scripts and styles inside a page; the content security policy would refuse them in the browser."""
    shown = re.sub(r"\{#.*?#\}|<!--.*?-->", "", text, flags=re.DOTALL)
    rules = {
        "a style element": r"<style\b",
        "a style attribute": r"<[a-zA-Z][^<]*?\sstyle\s*=",
        "a script without src": r"<script\b(?![^>]*\bsrc\s*=)",
        "a script with a body": r"<script\b[^>]*>\s*[^\s<]",
        "an event attribute": r"<[a-zA-Z][^<]*?\son[a-z]+\s*=",
        "a javascript: address": r"javascript\s*:",
    }
    return [f"{path}: {what}" for what, rule in rules.items() if re.search(rule, shown, re.IGNORECASE)]


def test_the_contracts_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    answer = subprocess.run([lint, "--no-cache", "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_every_contract_says_what_to_do_instead() -> None:
    contracts = (ROOT / ".importlinter").read_text().split("[importlinter:contract:")[1:]
    assert len(contracts) >= 9
    assert [c.partition("]")[0] for c in contracts if "broken_contract_guidance" not in c] == []


def test_status_codes_stay_with_the_web() -> None:
    assert _complaints(status_codes, _sources(*FLOORS)) == [], "return an Outcome; frontend/errors.py gives it a status"


def test_things_have_names() -> None:
    assert _complaints(vague_names, _sources(*FLOORS, "tests", "migrations")) == []


def test_no_test_switches_a_guard_off() -> None:
    assert _complaints(disarmed_guards, _sources("tests")) == [], (
        "build the app with a scripted model and a stopped clock"
    )


def test_no_page_carries_a_script_or_a_style() -> None:
    assert _complaints(inline_code, _templates()) == [], "put it into frontend/static"


@pytest.mark.parametrize(
    "breach",
    [
        "from fastapi import HTTPException",
        "raise fastapi.HTTPException(404)",
        "JSONResponse({}, 404)",
        "JSONResponse({}, status_code=404)",
        "response.status_code = 404",
        "@router.post('/x', status_code=201)\ndef x(): ...",
        "from http import HTTPStatus",
    ],
)
def test_a_status_code_is_noticed(breach: str) -> None:
    assert status_codes("frontend/pages/orders.py", breach) != []
    assert status_codes("auth/web/cookies.py", breach) == []


@pytest.mark.parametrize(
    ("path", "text"),
    [("shop/utils.py", ""), ("shop/core/orders.py", ""), ("shop/orders.py", "class OrderService: ...")],
)
def test_a_vague_name_is_noticed(path: str, text: str) -> None:
    assert vague_names(path, text) != []


@pytest.mark.parametrize(
    "breach",
    [
        "from auth.guard import judge\ndef t(monkeypatch): monkeypatch.setattr(judge, 'decide', lambda *a: True)",
        "def t(monkeypatch): monkeypatch.setattr('auth.guard.judge.decide', lambda *a: True)",
        "from unittest import mock\nmock.patch('shop.policy.load')",
        "from unittest.mock import patch\nfrom auth.guard.desk import Desk\npatch.object(Desk, 'submit')",
        "def t(monkeypatch, app): monkeypatch.setattr(app.desk, 'submit', None)",
        "import auth.guard.judge\nauth.guard.judge.decide = None",
        "import auth.database as database\nsetattr(database, '_guard_reads', None)",
    ],
)
def test_a_disarmed_guard_is_noticed(breach: str) -> None:
    assert disarmed_guards("tests/attacks/test_x.py", breach) != []


def test_an_exchanged_clock_is_no_breach() -> None:
    assert (
        disarmed_guards("tests/x.py", "import time\ndef t(monkeypatch): monkeypatch.setattr(time, 'time', None)") == []
    )


@pytest.mark.parametrize(
    "breach",
    [
        "<style>p{}</style>",
        '<p class="a" style="color:red">',
        "<script>alert(1)</script>",
        '<script src="/a.js">alert(1)</script>',
        '<a href="#" onclick="go()">',
        '<a href="javascript:go()">',
    ],
)
def test_inline_code_is_noticed(breach: str) -> None:
    assert inline_code("frontend/templates/x.html", breach) != []


def test_a_clean_page_is_no_breach() -> None:
    page = '<link rel="stylesheet" href="/s.css"><script type="module" src="/a.js"></script><p>{# onclick= #}ok</p>'
    assert inline_code("frontend/templates/x.html", page) == []
