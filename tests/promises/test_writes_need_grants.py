"""Nothing changes without a grant: a function that changes the shop takes one, only the desk makes one, and what writes
otherwise stands in a short list with its reason. The lists may only shrink; an entry that is no longer needed fails.
"""

import ast
import dataclasses
import typing
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import inspect

from auth.actor import Actor, Channel, Role
from auth.database import Base
from auth.guard.commands import Effect, action
from auth.guard.grants import Grant
from auth.guard.judge import Judge
from auth.guard.rooms import Room
from auth.sign_in.overview import SignInOverview
from auth.vault import LocalKeyFile, Vault
from shop.payments import DemoGateway
from shop.rooms import rooms
from tests.small_house import NOON, POLICY, StoppedClock

ROOT = Path(__file__).resolve().parents[2]

# Functions of the shop that write without a grant, and why that is right. No new entry without a review.
WRITES_WITHOUT_GRANT: Mapping[str, str] = {
    "shop/basket.py:merge_basket": "a guest signs in; the session is new, and the basket is theirs in both accounts",
    "shop/guest_chats.py:_move": "a guest signs in; the words are theirs in both accounts, and are sealed anew",
    "shop/conversations.py:start_conversation": "saying something is not a change of the shop; own rows only",
    "shop/model_calls.py:keep_calls": "what a model was handed in one's own conversation is kept; own rows only",
    "shop/switches.py:_count": "what a stop of the assistant did is counted on that stop; no row of a customer",
    "shop/conversations.py:append_message": "what was said is kept; own rows only, never changed afterwards",
    "shop/days_used.py:reserve": "what a model call takes from the day; counters only",
    "shop/days_used.py:settle": "what it really took; counters only",
    "shop/days_used.py:forget_days": "counters of days that are long over",
}
# Files that fill an empty demo shop, which only demo mode does.
FILLS_THE_DEMO = ("shop/demo",)

# Transactions that change something and are not the desk's.
BEGINS: Mapping[str, str] = {
    "frontend/clients_cli.py:add": "a program, registered by the operator",
    "frontend/clients_cli.py:add_example": "the example program of an empty demo shop",
    "frontend/clients_cli.py:disable": "a program, disabled by the operator",
    "frontend/clients_cli.py:rotate_signing": "the key that signs tokens, turned by the operator",
    "frontend/turns.py:_take_leave": "the assistant's leave for one turn, in the transaction of _note_down",
    "frontend/turns.py:_renew": "the end of a leave that is still in use",
    "frontend/api/answering.py:take_key": "a key of a program's call is claimed before anything happens",
    "frontend/api/answering.py:give_back": "a key that led to nothing is free again",
    "frontend/api/answering.py:keep_answer": "the first answer is kept for the key",
    "frontend/chores.py:_forget": "what has ended is forgotten",
    "frontend/pages/chat_buttons.py:_begun": "an empty conversation, so that somebody can ask for a person first",
    "frontend/pages/sign_in.py:welcome": "a guest's basket and words come along",
    "frontend/stopping.py:Counting._count": "what a stop of the assistant refused is counted on it",
    "frontend/switch_cli.py:_Shop._clerk": "a clerk's code is used up",
    "frontend/upgrade.py:upgrade": "migrations, run by the operator",
    "frontend/purse.py:AccountPurse.reserve": "what a model call takes from the day",
    "frontend/purse.py:AccountPurse.settle": "what it really took",
    "frontend/turns.py:_note_down": "the customer's own message",
    "frontend/turns.py:_store": "the assistant's answer",
    "frontend/turns.py:_write_note": "an audit event",
    "shop/demo.py:seed": "fills an empty demo shop",
    "shop/demo_secrets.py:plant_words": "marks the records of a drill's own shop",
}

# Where SQL goes round the row guard's criterion: each knows no owner yet, or no table that belongs to somebody.
GOES_ROUND_THE_GUARD: Mapping[str, str] = {
    "auth/accounts.py:find_account_id_by_email_tag": "answers one id; row-level security has a function for it",
    "auth/audit/log.py:AuditLog.append": "entries belong to the log",
    "auth/audit/log.py:AuditLog.head": "entries belong to the log",
    "auth/audit/log.py:AuditLog.prove": "entries belong to the log",
    "auth/audit/stored.py:head_row": "the auditor reads everything as it is stored",
    "auth/audit/stored.py:_page": "the auditor reads everything as it is stored",
    "auth/audit/stored.py:_one": "the auditor reads everything as it is stored",
    "auth/audit/stored.py:_hash_alone": "the auditor reads everything as it is stored",
    "auth/database.py:Database.glance": "the transaction's own settings; the one statement asked there names its owner",
    "auth/database.py:Database.begin": "the transaction's own settings",
    "auth/database.py:Database.read": "the transaction's own settings",
    "auth/database.py:_begin_sqlite": "BEGIN",
    "auth/database.py:_tell_postgres": "the transaction's own settings",
    "auth/database.py:narrow": "the transaction's own settings",
    "auth/guard/submissions.py:queue_up": "an advisory lock",
    "auth/sign_in/one_time.py:_account_by_token": "answers one id; row-level security has a function for it",
    "auth/sign_in/outside/identities.py:find_account_id_by_identity": "answers one id, by a function",
    "auth/sign_in/passkeys.py:account_of_credential": "answers one id; row-level security has a function for it",
    "auth/sign_in/sessions.py:_account_by_token": "answers one id; row-level security has a function for it",
    "auth/vault/vault.py:hold_off_retirement": "an advisory lock",
    "frontend/drills/books.py:read_books": "a drill compares every row of a shop of its own",
    "frontend/upgrade.py:differences": "migrations, run by the operator",
    "frontend/upgrade.py:is_current": "migrations, run by the operator",
    "frontend/upgrade.py:upgrade": "migrations, run by the operator",
    "shop/switches.py:_lock": "an advisory lock",
}

ROUND = {"exec_driver_sql", "connection"}


@dataclass(frozen=True)
class Function:
    """A function of the tree: where it stands, what it is called, what it calls by name, and its own code."""

    place: str
    name: str
    calls: frozenset[str]
    takes_grant: bool
    writes: tuple[str, ...]


def _functions(*folders: str) -> Iterator[Function]:
    columns = _columns()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            file = path.relative_to(ROOT).as_posix()
            for name, node in _defined(ast.parse(path.read_text("utf-8"))):
                parameters = [a.arg for a in (*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs)]
                calls = frozenset(_called(node))
                # Above the shop a row comes from a session only, so an assignment without one is to something else.
                rows = columns if folder == "shop" or "session" in calls else frozenset[str]()
                yield Function(f"{file}:{name}", node.name, calls, "grant" in parameters, (*_writes(node, rows),))


def _defined(tree: ast.Module) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in tree.body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                yield node.name, node
            case ast.ClassDef():
                inner = (n for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef))
                yield from ((f"{node.name}.{method.name}", method) for method in inner)
            case _:
                pass


def _called(node: ast.AST) -> Iterator[str]:
    """Every name and attribute that is mentioned: a function handed to another one counts as called."""
    for part in ast.walk(node):
        match part:
            case ast.Name(id=name) | ast.Attribute(attr=name):
                yield name
            case _:
                pass


def _writes(node: ast.AST, columns: frozenset[str]) -> Iterator[str]:
    for part in ast.walk(node):
        match part:
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="session"), attr="add" | "add_all" | "delete" | "merge")
            ):
                yield ast.unparse(part)
            case ast.Call(func=ast.Name(id="update" | "delete" | "insert")):
                yield ast.unparse(part)
            case ast.Call(func=ast.Attribute(attr="seal" | "seal_bytes")):
                yield ast.unparse(part)
            case ast.Assign(targets=targets):
                yield from (ast.unparse(t) for target in targets for t in _columns_in(target, columns))
            case ast.AugAssign(target=target):
                yield from (ast.unparse(t) for t in _columns_in(target, columns))
            case _:
                pass


def _columns_in(target: ast.expr, columns: frozenset[str]) -> Iterator[ast.Attribute]:
    for part in ast.walk(target):
        match part:
            case ast.Attribute(value=ast.Name(id=whose), attr=name) if whose != "self" and name in columns:
                yield part
            case _:
                pass


def _columns() -> frozenset[str]:
    names = {a.key for mapper in Base.registry.mappers for a in inspect(mapper.class_).column_attrs}
    assert {"status", "quantity", "state"} <= names
    return frozenset(names)


def uncovered(functions: list[Function], reviewed: Mapping[str, str]) -> list[str]:
    """Functions that write, take no grant, and can be reached by one that takes none and is not reviewed."""
    callers = defaultdict[str, list[Function]](list)
    for function in functions:
        for name in function.calls:
            callers[name].append(function)

    def is_covered(function: Function, seen: frozenset[str]) -> bool:
        if function.takes_grant or function.place in reviewed or function.place.startswith(FILLS_THE_DEMO):
            return True
        above = [f for f in callers[function.name] if f.place not in seen and _may_call(f, function)]
        return bool(above) and all(is_covered(f, seen | {function.place}) for f in above)

    return [
        f"{f.place} writes ({f.writes[0]})" for f in functions if f.writes and not is_covered(f, frozenset({f.place}))
    ]


def _may_call(caller: Function, called: Function) -> bool:
    # A private name means something in its own file only.
    same_file = caller.place.split(":")[0] == called.place.split(":")[0]
    return same_file or not called.name.startswith("_")


@pytest.fixture(scope="module")
def table(tmp_path_factory: pytest.TempPathFactory) -> tuple[Room[Any], ...]:
    vault = Vault(LocalKeyFile(tmp_path_factory.mktemp("keys") / "keys.json"), clock=lambda: NOON)
    gateway = DemoGateway(clock=StoppedClock())
    return rooms(vault, gateway, clock=lambda: NOON, sign_in=SignInOverview(vault), post=lambda *_: None)


def _grant_of(handler: Callable[..., Any]) -> object:
    function = handler.func if isinstance(handler, partial) else handler
    return typing.get_type_hints(function).get("grant")


def test_every_handler_takes_the_grant_of_its_own_command(table: tuple[Room[Any], ...]) -> None:
    assert len(table) == len(Judge(POLICY).actions) - 1, "every action but the desk's own has a room"
    changing = [room for room in table if room.effect is not Effect.READ]
    assert len(changing) > 10
    for room in table:
        parts: list[Callable[..., Any]] = [room.handle]
        if room.outside is not None:
            parts += [room.outside.prepare, room.outside.release]
        for part in parts:
            wanted: object = Grant[room.command]  # type: ignore[name-defined]
            assert _grant_of(part) == wanted, f"{action(room.command)}: {part} takes another grant"


def test_nothing_in_the_shop_writes_without_a_grant() -> None:
    functions = [*_functions("shop", "agent", "frontend")]
    assert sum(1 for f in functions if f.writes) > 15
    assert uncovered(functions, WRITES_WITHOUT_GRANT) == []


def test_the_list_of_writers_without_a_grant_only_shrinks() -> None:
    functions = [*_functions("shop", "agent", "frontend")]
    needed = {place for place in WRITES_WITHOUT_GRANT if _without(place, functions)}
    assert needed == set(WRITES_WITHOUT_GRANT)


def _without(place: str, functions: list[Function]) -> list[str]:
    return uncovered(functions, {p: why for p, why in WRITES_WITHOUT_GRANT.items() if p != place})


@pytest.mark.parametrize(
    "breach",
    [
        "def f(session): session.add(Order())",
        "def f(session, order): order.status = 'paid'",
        "def f(session, order): order.refunded, order.status = 0, 'paid'",
        "def f(session, line): line.quantity += 1",
        "def f(session): session.execute(update(Variant).values(stock=9))",
        "def f(vault, session, row): vault.seal(session, row, 'street', 'x')",
    ],
)
def test_a_write_is_noticed(breach: str) -> None:
    (name, node) = next(_defined(ast.parse(breach)))
    function = Function(f"shop/x.py:{name}", name, frozenset(), False, (*_writes(node, _columns()),))
    assert uncovered([function], {}) != []
    page = Function("frontend/pages/x.py:p", "p", frozenset({name}), False, ())
    assert uncovered([function, page], {}) != [], "a page that calls it covers nothing"
    handler = Function("shop/y.py:h", "h", frozenset({name}), True, ())
    assert uncovered([function, handler], {}) == []


def test_nobody_makes_a_grant() -> None:
    with pytest.raises(TypeError, match="submit the command to the desk"):
        Grant()
    stolen = object.__new__(Grant)
    for field in dataclasses.fields(Grant):
        object.__setattr__(stolen, field.name, None)
    with pytest.raises(TypeError):
        dataclasses.replace(stolen, at=NOON)
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(stolen, "actor", Actor(UUID(int=1), Role.CUSTOMER, Channel.PAGE))  # noqa: B010 - what a handler might try


def test_only_the_desk_mints() -> None:
    minting = [path for path, tree in _trees("auth", "shop", "agent", "frontend") if "_mint" in _imports(tree)]
    assert minting == ["auth/guard/desk.py"]
    made = [p for p, tree in _trees("auth", "shop", "agent", "frontend") if "__new__" in set(_called(tree))]
    assert made == ["auth/guard/_mint.py"], "a grant that is not minted is no proof"
    assert not [path for path, tree in _trees("tests") if "_mint" in _imports(tree)], "tests ask the desk too"


def test_pages_and_the_assistant_open_no_transaction_that_changes() -> None:
    found = {f.place for f in _functions("shop", "agent", "frontend") if "begin" in f.calls}
    assert found == set(BEGINS), "a change goes over the desk; what is none is reviewed and listed here"


def test_sql_that_goes_round_the_row_guard_is_reviewed() -> None:
    found = set[str]()
    for path, tree in _trees("auth", "shop", "agent", "frontend"):
        found |= {f"{path}:{name}" for name, node in _defined(tree) if _goes_round(node)}
    assert found == set(GOES_ROUND_THE_GUARD)


def _goes_round(node: ast.AST) -> bool:
    for part in ast.walk(node):
        match part:
            case ast.Call(func=ast.Name(id="text")):
                return True
            case ast.Call(func=ast.Attribute(attr=name)) if name.startswith("bulk_") or name in ROUND:
                return True
            case ast.Call(
                func=ast.Attribute(value=ast.Name(id="engine") | ast.Attribute(attr="engine"), attr="begin" | "connect")
            ):
                return True
            case _:
                pass
    return False


@pytest.mark.parametrize(
    "breach",
    [
        "def f(session): session.execute(text('SELECT * FROM orders'))",
        "def f(session): session.connection().execute(select(Order.__table__))",
        "def f(session): session.bulk_insert_mappings(Order, [])",
        "def f(connection): connection.exec_driver_sql('SELECT 1')",
        "def f(database): database.engine.connect().execute('x')",
    ],
)
def test_sql_round_the_guard_is_noticed(breach: str) -> None:
    ((_, node),) = _defined(ast.parse(breach))
    assert _goes_round(node)


def _trees(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), ast.parse(path.read_text("utf-8"))


def _imports(tree: ast.AST) -> set[str]:
    names = set[str]()
    for node in ast.walk(tree):
        match node:
            case ast.Import(names=aliases):
                names |= {part for a in aliases for part in a.name.split(".")}
            case ast.ImportFrom(module=str(module), names=aliases):
                names |= {*module.split("."), *(a.name for a in aliases)}
            case _:
                pass
    return names
