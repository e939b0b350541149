"""``countersign``: open the shop, fill it, check its log, turn its keys."""

import contextlib
import shutil
import socket
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from sqlalchemy.exc import OperationalError

from agent.assistant import NoAssistant
from agent.models import EMBEDDED, NoModel
from auth.audit import export as export_log
from auth.audit import read_notes, verify
from auth.database import Database, Scope
from auth.guard.judge import PolicyRefused
from auth.vault import KeyFileUnusable, LocalKeyFile, Vault, rotate_keys
from frontend.app import build_house, checkpoint_verifier, create_app, utc_now
from frontend.clients_cli import add_example, clients_cli, rotate_signing
from frontend.drills.commands import drill_cli
from frontend.house import House
from frontend.logbook import open_logbook
from frontend.settings import LOOPBACK, Settings, SettingsRefused, demo_or_real, read_settings
from frontend.switch_cli import assistant_cli
from frontend.upgrade import is_current, upgrade
from shop.demo import DEMO_PASSWORD, demo_people, is_seeded, seed

cli = typer.Typer(no_args_is_help=True, add_completion=False, help=__doc__)
audit_cli = typer.Typer(no_args_is_help=True, help="The verifiable audit log.")
keys_cli = typer.Typer(no_args_is_help=True, help="The vault's keys.")
cli.add_typer(audit_cli, name="audit")
cli.add_typer(keys_cli, name="keys")
cli.add_typer(assistant_cli, name="assistant")
cli.add_typer(drill_cli, name="drill")
cli.add_typer(clients_cli, name="clients")
keys_cli.command(name="rotate-signing")(rotate_signing)
out = Console(highlight=False)

Port = Annotated[int, typer.Option(min=1, max=65535, help="The port to serve on.")]
DEMO_FILES = ("shop.db*", "demo-payments.db*", "keys.json*", ".keys.json*")
DEMO_FOLDERS = ("checkpoints", "model")


def main() -> None:
    """Run the command line; what is wrong is said in one line, and the exit status is 1."""
    try:
        cli()
    except (SettingsRefused, PolicyRefused, KeyFileUnusable, NoModel, NoAssistant) as refused:
        _stop(str(refused))
    except OperationalError as error:
        _stop(f"The database cannot be used: {str(error.orig).splitlines()[0]}")
    except FileExistsError as error:
        _stop(f"{error.filename} is there already, and nothing is overwritten. Choose another name.")
    except PermissionError as error:
        _stop(f"{error.filename} cannot be written. Run this in a folder you may write to, or change its owner.")


@cli.callback()
def _before_each() -> None:
    # Whatever a command does, what it logs is redacted.
    open_logbook("warning")


@cli.command()
def demo(
    port: Port = 8000,
    reset: Annotated[bool, typer.Option("--reset", help="Throw the demo's data away first.")] = False,
    folder: Annotated[Path, typer.Option(help="Where the demo keeps its data.")] = Path("var"),
    model: Annotated[str, typer.Option(help="The assistant's model; see docs/make-it-yours.md.")] = EMBEDDED,
) -> None:
    """Open the demo shop on loopback, filled with customers, orders and reviews."""
    sockets = _listen(port)
    if reset:
        _clear(folder)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    settings = read_settings(
        mode="demo",
        data_folder=folder,
        origin=f"http://localhost:{port}",
        other_origins=(f"http://127.0.0.1:{port}",),
        model=model,
    )
    _migrate(settings)
    with _progress("Reading the assistant's examples") as step:
        house = build_house(settings, progress=step)
    if "embeddings" not in house.assistant.voters and model == EMBEDDED and settings.understanding == "embeddings":
        out.print(
            "The sentence encoder's weights are not here (`make weights`): the assistant works with n-grams alone."
        )
    if _fill(house):
        # Once more, because the assistant learns the names on the shelves when it is built.
        house.database.close()
        house = build_house(settings)
    _welcome(house, port)
    _serve(settings, house, sockets)


@cli.command()
def serve(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Port = 8000,
    unsafe_plain_http: Annotated[
        bool,
        typer.Option("--unsafe-plain-http", help="Listen off loopback without TLS, inside a container for example."),
    ] = False,
) -> None:
    """Serve the shop as the settings say (``COUNTERSIGN_…``, see docs/settings.md)."""
    settings = read_settings()
    open_logbook(settings.log_level)
    _refuse_plain_http(settings, host, unsafe_plain_http)
    if not _is_migrated(settings):
        raise SettingsRefused("The database is not migrated: run `countersign migrate` first.")
    house = build_house(settings)
    _serve(settings, house, [_bind(host, port)])


@cli.command()
def migrate() -> None:
    """Bring the database to the newest migration (as its owner: ``COUNTERSIGN_MIGRATION_URL``)."""
    _migrate(read_settings())
    out.print("The database is up to date.")


@cli.command(name="seed")
def fill() -> None:
    """Fill an empty demo shop with customers, orders and reviews."""
    settings = read_settings()
    if not settings.is_demo:
        raise SettingsRefused("Only a demo shop is filled: set COUNTERSIGN_MODE=demo.")
    settings.data_folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    _migrate(settings)
    house = build_house(settings)
    out.print("The shop is filled." if _fill(house) else "The shop is filled already.")
    house.checkpoint()


@audit_cli.command(name="verify")
def verify_log(
    folder: Annotated[Path | None, typer.Option(help="The checkpoints to check against.")] = None,
) -> None:
    """Check every entry of the log against the signed checkpoints; exit 1 when anything is wrong."""
    settings = demo_or_real()
    verifier = checkpoint_verifier(LocalKeyFile(settings.keys))
    # Read before the database is opened: a newer checkpoint would look as if entries were missing.
    notes = read_notes(folder or settings.checkpoints)
    database = Database(settings.database)
    with _progress("Checking entries") as step, database.read(Scope.house("audit verify")) as session:
        report = verify(session, notes, verifier, progress=step)
    database.close()
    out.print(f"{report.entries} entries, {report.checkpoints} checkpoints.")
    if report.entries > report.witnessed:
        out.print(f"The last {report.entries - report.witnessed} entries are newer than the newest checkpoint.")
    for problem in report.problems[:20]:
        out.print(f"[red]{problem.kind}[/red] {problem.sentence}")
    if not report.ok:
        _stop(f"The log does not hold: {len(report.problems)} problems.")
    out.print("[green]The log holds.[/green]")


@audit_cli.command(name="export")
def export_entries(
    to: Annotated[Path, typer.Argument(help="The file to write, one JSON object a line.")],
) -> None:
    """Write the whole log as JSON lines, closed by the newest checkpoint."""
    settings = demo_or_real()
    notes = read_notes(settings.checkpoints)
    database = Database(settings.database)
    with (
        to.open("x", encoding="utf-8") as file,
        _progress("Writing entries") as step,
        database.read(Scope.house("audit export")) as session,
    ):
        count = export_log(session, file, checkpoint=notes[-1] if notes else None, progress=step)
    database.close()
    out.print(f"{count} entries written to {to}.")


@keys_cli.command()
def rotate() -> None:
    """Make a new key-encryption key and wrap every customer's key with it, while the shop runs. Can be resumed."""
    settings = demo_or_real()
    vault = Vault(LocalKeyFile(settings.keys), clock=utc_now)
    database = Database(settings.database)
    with _progress("Wrapping keys") as step:
        report = rotate_keys(database, vault, progress=step)
    database.close()
    out.print(f"{report.rewrapped} keys are wrapped with {report.kek_id}.")


def _refuse_plain_http(settings: Settings, host: str, is_meant: bool) -> None:
    behind_proxy = settings.is_https and settings.trusted_proxies
    if host not in LOOPBACK and settings.tls_cert is None and not behind_proxy and not is_meant:
        raise SettingsRefused(
            f"Listening on {host} without TLS would send sessions in the clear. Set COUNTERSIGN_TLS_CERT and _TLS_KEY, "
            "or an https COUNTERSIGN_ORIGIN with the proxy's address in COUNTERSIGN_TRUSTED_PROXIES."
        )


def _migrate(settings: Settings) -> None:
    database = Database(settings.migration_url or settings.database)
    if not is_current(database.engine):
        upgrade(database.engine)
    database.close()


def _is_migrated(settings: Settings) -> bool:
    database = Database(settings.database)
    current = is_current(database.engine)
    database.close()
    return current


def _fill(house: House) -> bool:
    if house.demo is None or is_seeded(house.database):
        return False
    with _progress("Filling the shelves") as step:
        seed(
            house.demo,
            house.database,
            house.vault,
            clock=house.clock,
            hasher=house.entrance.hasher,
            gateway=house.gateway,
            progress=step,
        )
    add_example(house)
    return True


def _welcome(house: House, port: int) -> None:
    if house.demo is None:
        return
    out.print(f"\n[bold]{house.name}[/bold] is open at [bold]http://localhost:{port}[/bold]\n")
    with house.database.read(Scope.house("the demo's welcome")) as session:
        for person in demo_people(session, house.vault, house.demo, now=house.clock())[:5]:
            out.print(f"  {person.name:<20} {person.role:<9} {person.email:<36} {person.code}", soft_wrap=True)
    out.print(f"  Everybody's password is {DEMO_PASSWORD}; the last column is the code of this moment.\n")
    out.print("The sign-in page shows everybody, always with a fresh code. Sign in, open the chat and try:")
    for idea in ("where is my last order?", "the mug broke, I want my money back", "send it to my office instead"):
        out.print(f"  {idea}")
    out.print("Then try to break it: README.md has a list. Ctrl-C closes the shop.\n")


def _serve(settings: Settings, house: House, sockets: list[socket.socket]) -> None:
    config = uvicorn.Config(
        create_app(settings, house),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,  # auth.web.network decides whom to believe
        timeout_graceful_shutdown=5,
        ssl_certfile=settings.tls_cert,
        ssl_keyfile=settings.tls_key,
    )
    with contextlib.suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=sockets)


def _listen(port: int) -> list[socket.socket]:
    """Both loopback addresses, so that ``localhost`` answers whatever a browser makes of it."""
    sockets = [_bind("127.0.0.1", port)]
    with contextlib.suppress(OSError, SettingsRefused):
        sockets.append(_bind("::1", port))
    return sockets


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        # Listening now, so that a second shop on the same port learns of it here and not when the first visitor comes.
        listening.listen(128)
    except OSError as error:
        listening.close()
        raise SettingsRefused(
            f"Port {port} on {host} cannot be used ({error.strerror}). Try another one: make demo PORT={port + 1}"
        ) from error
    return listening


def _clear(folder: Path) -> None:
    for pattern in DEMO_FILES:
        for file in folder.glob(pattern):
            file.unlink()
    for name in DEMO_FOLDERS:
        shutil.rmtree(folder / name, ignore_errors=True)


@contextlib.contextmanager
def _progress(title: str) -> Iterator["Step"]:
    with Progress(
        TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), console=out, transient=True
    ) as progress:
        yield Step(progress, progress.add_task(title, total=None))


class Step:
    """What long work calls with how much is done and how much there is."""

    def __init__(self, progress: Progress, task: "object") -> None:
        self._progress, self._task = progress, task

    def __call__(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)  # type: ignore[arg-type]


def _stop(sentence: str) -> None:
    # Plain, so that it stays one line and no bracket in it is taken for a style.
    print(f"countersign: {sentence}", file=sys.stderr)
    sys.exit(1)


if __name__ == "__main__":
    main()
