"""``countersign clients add | list | disable`` and ``keys rotate-signing``: which programs may ask is the operator's.

Nobody registers themselves. Each step stands in the audit log; a shop that runs notices at the next call.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console

from auth.database import Scope
from auth.oauth import clients
from auth.oauth.clients import ClientRefused, Kind
from frontend.app import build_house
from frontend.house import House
from frontend.settings import SettingsRefused, demo_or_real

clients_cli = typer.Typer(no_args_is_help=True, help="The programs that may ask customers for leave.")
out = Console(highlight=False)
_HOUSE = Scope.house("the operator's programs")
# What the demo's own example is registered as: a program on the same computer, without a secret.
EXAMPLE, EXAMPLE_BACK = "pocket-pine", "http://127.0.0.1:8765/back"

Id = Annotated[str, typer.Argument(help="A short id in small letters, such as pocket-pine. The log shows it.")]


@clients_cli.command()
def add(
    client: Id,
    name: Annotated[str, typer.Option(help="The name that customers read.")],
    kind: Annotated[Kind, typer.Option(help="public: has no secret. confidential: has one. service: for the shop.")],
    redirect: Annotated[list[str] | None, typer.Option(help="Where people are sent back to, exactly.")] = None,
    scope: Annotated[list[str] | None, typer.Option(help="What it may ask for; repeat it. Empty: openid.")] = None,
    homepage: Annotated[str, typer.Option(help="An address that customers are shown beside the name.")] = "",
) -> None:
    """Register a program. Its secret, if it has one, is printed this once."""
    with _house() as house:
        known = house.issuer.scopes
        unknown = sorted(set(scope or ()) - set(known))
        if unknown:
            raise SettingsRefused(f"There is no scope {unknown[0]}. There are: {', '.join(known)}.")
        try:
            with house.database.begin(_HOUSE) as session:
                added = clients.add_client(
                    session,
                    client,
                    name=name,
                    kind=kind,
                    redirects=redirect or (),
                    scopes=scope or ("openid",),
                    homepage=homepage,
                    now=house.clock(),
                )
        except ClientRefused as refused:
            raise SettingsRefused(str(refused)) from refused
    out.print(f"{client} is registered.", markup=False)
    if added.secret:
        out.print(f"Its secret, shown this once: {added.secret}", markup=False, soft_wrap=True)


@clients_cli.command(name="list")
def show() -> None:
    """Show every program, also those that were disabled."""
    with _house() as house, house.database.read(_HOUSE) as session:
        found = clients.list_clients(session)
    if not found:
        out.print("No program is registered.")
    for client in found:
        state = "" if client.disabled_at is None else f", disabled on {client.disabled_at:%Y-%m-%d}"
        out.print(f"{client.id}  {client.name} ({client.kind}{state})", markup=False, soft_wrap=True)
        out.print(f"    may ask for: {client.scope}", markup=False, soft_wrap=True)
        for uri in client.redirects:
            out.print(f"    sends people back to {uri}", markup=False, soft_wrap=True)


@clients_cli.command()
def disable(client: Id) -> None:
    """Stop a program for good. What it holds is worth nothing at its next call."""
    with _house() as house, house.database.begin(_HOUSE) as session:
        done = clients.disable_client(session, client, now=house.clock())
    if not done:
        raise SettingsRefused(f"There is no program {client} that could be disabled.")
    out.print(f"{client} is disabled.", markup=False)


def rotate_signing(
    at_once: Annotated[
        bool, typer.Option("--at-once", help="The key has leaked: believe nothing it has signed any more.")
    ] = False,
) -> None:
    """Sign tokens with a new key. The old one is believed until its last token has run out: ten minutes."""
    with _house() as house, house.database.begin(_HOUSE) as session:
        kid = house.issuer.keys.rotate(session, house.clock(), at_once=at_once)
    out.print(f"Tokens are signed with {kid}.")


def add_example(house: House) -> None:
    """The demo has one program to try things with; it is added once, to a shop that has just been filled."""
    with house.database.begin(_HOUSE) as session:
        clients.add_client(
            session,
            EXAMPLE,
            name="Pocket Pine",
            kind=Kind.PUBLIC,
            redirects=(EXAMPLE_BACK,),
            scopes=tuple(house.issuer.scopes),
            homepage="an example on this computer",
            now=house.clock(),
        )


@contextmanager
def _house() -> Iterator[House]:
    house = build_house(demo_or_real())
    try:
        yield house
    finally:
        house.database.close()
