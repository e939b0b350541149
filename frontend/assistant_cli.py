"""``countersign assistant``: what the embedded model understands, and whether its examples can be told apart."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from agent.local import EmbeddedModel
from agent.local.checking import Report
from agent.local.model import HERE
from shop.demo_shelves import shelf_names

SHOWN = 25  # rows of a table; the rest is counted
assistant_cli = typer.Typer(no_args_is_help=True, help="The embedded assistant model: what it understands and why.")
out, err = Console(highlight=False), Console(stderr=True, highlight=False)

Heads = Annotated[Path, typer.Option("--heads", help="Where what was computed from the examples is kept.")]
Folder = Annotated[Path, typer.Option("--folder", help="The folder with intents and words.")]
NGramsOnly = Annotated[bool, typer.Option("--n-grams-only", help="Leave the sentence embeddings out.")]


@assistant_cli.command()
def check(heads: Heads = Path("var/model"), n_grams_only: NGramsOnly = False, folder: Folder = HERE) -> None:
    """Show which examples collide; exit 1 when one stands under two intents."""
    report = _model(heads, n_grams_only, folder).examined()
    out.print(f"{report.examples} examples of {report.intents} intents.")
    _show_duplicates(report)
    _show_collisions(report)
    _show_mistaken(report)
    if report.duplicates:
        raise typer.Exit(1)


@assistant_cli.command(name="try")
def try_(
    text: Annotated[str | None, typer.Argument(help="What a customer might write.")] = None,
    file: Annotated[Path | None, typer.Option("--file", help="A file with one sentence a line.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
    heads: Heads = Path("var/model"),
    n_grams_only: NGramsOnly = False,
) -> None:
    """Show what a sentence is understood as, and why; with --file, every sentence of a file."""
    if (text is None) == (file is None):
        raise typer.BadParameter("give a sentence, or --file with a file of sentences")
    model = _model(heads, n_grams_only)
    for sentence in [text] if text is not None else _sentences(file):
        if as_json:
            # Plain print: rich would break long lines and take brackets for styles.
            print(json.dumps(model.understood(sentence or ""), ensure_ascii=False))
        else:
            _show(model, sentence or "")


def _model(heads: Path, n_grams_only: bool, folder: Path = HERE) -> EmbeddedModel:
    with _progress("Reading the examples") as progress:
        task = progress.add_task("", total=None)
        model = EmbeddedModel(
            folder=folder,
            product_names=shelf_names(),
            cache_folder=heads,
            with_embeddings=not n_grams_only,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    if "embeddings" not in model.voters and not n_grams_only:
        err.print("Without the encoder's weights (make install brings them) n-grams understand alone.")
    return model


def _sentences(file: Path | None) -> Iterator[str]:
    lines = [line.strip() for line in (file or Path()).read_text(encoding="utf-8").splitlines() if line.strip()]
    with _progress("Understanding") as progress:
        yield from progress.track(lines)


def _progress(title: str) -> Progress:
    parts = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*parts, console=err, transient=True)


def _show(model: EmbeddedModel, text: str) -> None:
    understood = model.understood(text)
    out.print(f"\n“{text}”", markup=False)
    for request in understood.get("requests", [understood]):
        asks = "would ask back" if request["asks_back"] else "acts"
        out.print(f"  {request['action']}  {request['confidence']:.2f}  {asks}, {request['language']}", markup=False)
        out.print(f"    intent {request['intent']}, next {request['runner_up']} {request['runner_up_confidence']:.2f}")
        if request["slots"]:
            out.print(f"    names {json.dumps(request['slots'], ensure_ascii=False)}", markup=False)
    for voter, found in model.nearest(text).items():
        out.print(f"  nearest by {voter}:")
        for likeness, lesson in found:
            out.print(f"    {likeness:.2f}  {lesson.intent:<22} {lesson.text}", markup=False)


def _show_duplicates(report: Report) -> None:
    for one, other in report.duplicates:
        out.print(f"[red]The same example twice[/red]: {one.intent} and {other.intent}: {one.text}")


def _show_collisions(report: Report) -> None:
    table = Table("likeness", "intent", "example", "intent", "example", title="Alike, but of different actions")
    for collision in report.collisions[:SHOWN]:
        one, other = collision.one, collision.other
        table.add_row(f"{collision.likeness:.2f}", one.intent, one.text, other.intent, other.text)
    _show_table(table, len(report.collisions))


def _show_mistaken(report: Report) -> None:
    table = Table("intent", "example", "taken for", title="Mistaken when left out, judged by the nearest others")
    for lesson, taken in report.mistaken[:SHOWN]:
        table.add_row(lesson.intent, lesson.text, taken)
    _show_table(table, len(report.mistaken))


def _show_table(table: Table, count: int) -> None:
    if count:
        out.print(table)
    if count > SHOWN:
        out.print(f"… and {count - SHOWN} more.")
