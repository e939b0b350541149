"""``countersign drill``: attacks with a stopwatch, each in a shop of its own that is gone afterwards."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from agent.compromised import Tried
from frontend.drills.compromised_model import let_loose
from frontend.drills.drawing import picture
from frontend.drills.findings import Findings
from frontend.drills.telling import live_line, print_to

drill_cli = typer.Typer(no_args_is_help=True, help="Attacks with a stopwatch, in a shop of their own.")
out = Console(highlight=False)

CALLS, SMALL = 2000, 300
EVERY = 7  # how many calls pass for one that is shown: all of them would be a blur

Calls = Annotated[int, typer.Option(min=1, max=1_000_000, help="How many calls the attacker makes.")]
Seed = Annotated[int, typer.Option(help="The same seed gives the same attempts.")]
Out = Annotated[Path | None, typer.Option("--out", help="A folder for report.txt, report.json and report.svg.")]
Small = Annotated[bool, typer.Option("--small", help=f"{SMALL} calls: under half a minute.")]


@drill_cli.callback()
def _among() -> None:
    """Without this, a sub-app with a single command would have no name for it."""


@drill_cli.command(name="compromised-model")
def compromised_model(calls: Calls = CALLS, seed: Seed = 1, out_folder: Out = None, small: Small = False) -> None:
    """Replace the assistant's model with an attacker who knows every id, show what it tries and what stops it.

    Exit 1 when anything foreign was read or shown, a secret left, or a change was made that nobody has signed.
    """
    _refuse_a_file(out_folder)
    findings = _watched(SMALL if small else calls, seed)
    print_to(out, findings)
    if out_folder is not None:
        write(findings, out_folder)
        out.print(f"Written to {out_folder}: report.txt, report.json, report.svg")
    if not findings.holds:
        raise typer.Exit(1)


def write(findings: Findings, folder: Path) -> None:
    """The findings as text, as JSON and as a picture."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "report.txt").open("w", encoding="utf-8") as file:
        print_to(Console(file=file, width=110, highlight=False), findings)
    told = json.dumps(findings.as_json(), ensure_ascii=False, indent=2)
    (folder / "report.json").write_text(f"{told}\n", "utf-8")
    (folder / "report.svg").write_text(picture(findings), "utf-8")


def _watched(calls: int, seed: int) -> Findings:
    """Let it loose, with a bar for how far it is, and every few calls a line of what came of one."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, TimeRemainingColumn(), console=out, transient=True) as progress:
        filling = progress.add_task("Opening a shop of its own", total=None)
        attacking = progress.add_task("The attacker’s calls", total=calls, start=False)
        seen = 0

        def filled(done: int, total: int) -> None:
            progress.update(filling, completed=done, total=total)

        def advance(count: int) -> None:
            progress.start_task(attacking)
            progress.advance(attacking, count)

        def tell(tried: Tried) -> None:
            nonlocal seen
            seen += 1
            if seen % EVERY == 1:
                progress.console.print(live_line(tried), soft_wrap=True)

        return let_loose(calls=calls, seed=seed, filling=filled, advance=advance, tell=tell)


def _refuse_a_file(folder: Path | None) -> None:
    if folder is not None and folder.exists() and not folder.is_dir():
        raise typer.BadParameter(f"{folder} is a file; --out names a folder")
