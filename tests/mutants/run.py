"""Takes the guards of guards.toml away one at a time, in a copy of the tree, and shows which test notices.

The tests must pass before a guard is taken away and fail after. A guard whose text is no longer found exactly once,
tests that do not pass to begin with, and a change that does not even compile are failures of the table and reported as
such. Run as ``make mutants``, or ``make mutants ONLY=id``.
"""

import ast
import os
import queue
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

ROOT = Path(__file__).resolve().parents[2]
TABLE = ROOT / "tests" / "mutants" / "guards.toml"
AT_ONCE = 2
LEFT_OUT = (".git", ".venv", "var", "__pycache__", ".*_cache", ".hypothesis", "*.egg-info", "screenshots", ".env")
OUT_OF_TIME = -1


@dataclass(frozen=True, slots=True)
class Guard:
    """One row of guards.toml; the fields are explained there."""

    id: str
    sentence: str
    file: str
    find: str
    replace: str
    tests: tuple[str, ...]
    database: str = "sqlite"
    seconds: int = 120
    may_hang: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the loss of a guard was noticed, by which test, or what is wrong with the entry."""

    guard: Guard
    noticed: bool
    told: str
    seconds: float = 0.0


def read_guards(only: str = "", table: Path = TABLE) -> list[Guard]:
    """The entries of the table, or the one that is asked for."""
    rows = tomllib.loads(table.read_text(encoding="utf-8"))["guard"]
    guards = [Guard(**{**row, "tests": tuple(row["tests"])}) for row in rows]
    return [guard for guard in guards if only in ("", guard.id)]


def without(guard: Guard, text: str) -> str:
    """The file's text with the guard taken away.

    :raises ValueError: the guard's text is not there exactly once, nothing changes, or Python would not compile it.
    """
    if (times := text.count(guard.find)) != 1:
        raise ValueError(f"its text occurs {times} times in {guard.file}, not once")
    changed = text.replace(guard.find, guard.replace)
    if changed == text:
        raise ValueError("it replaces the text by itself")
    if guard.file.endswith(".py"):
        try:
            ast.parse(changed)
        except SyntaxError as error:
            raise ValueError(f"without it {guard.file} does not compile: {error}") from error
    return changed


def main(only: str = "") -> int:
    """Try every guard (or one) and return the exit status."""
    console = Console()
    guards = read_guards(only)
    if not guards:
        console.print(f"No guard is called {only!r} in tests/mutants/guards.toml.")
        return 2
    with tempfile.TemporaryDirectory(prefix="countersign-mutants-") as folder, _progress(console) as progress:
        copies: queue.Queue[Path] = queue.Queue()
        for number in range(min(AT_ONCE, len(guards))):
            copies.put(_copy_tree(Path(folder) / str(number)))
        verdicts = _try_all(guards, copies, progress)
    console.print(_table(verdicts))
    unnoticed = [verdict for verdict in verdicts if not verdict.noticed]
    console.print(f"{len(verdicts)} guards taken away, {len(verdicts) - len(unnoticed)} noticed, {len(unnoticed)} not.")
    return 1 if unnoticed else 0


def _try_all(guards: Sequence[Guard], copies: "queue.Queue[Path]", progress: Progress) -> list[Verdict]:
    verdicts: dict[str, Verdict] = {}
    bar = progress.add_task("the tests as they are", total=len(guards))
    with ThreadPoolExecutor(AT_ONCE) as pool:
        unfit = _fail_already(guards, copies, pool)
        progress.update(bar, description="guards taken away")
        running = [pool.submit(_try, guard, copies, unfit) for guard in guards]
        for done in as_completed(running):
            verdict = done.result()
            verdicts[verdict.guard.id] = verdict
            progress.advance(bar)
            if not verdict.noticed:
                progress.console.print(Text(f"{verdict.guard.id}: {verdict.told}", style="bold red"))
    return [verdicts[guard.id] for guard in guards]


def _fail_already(
    guards: Sequence[Guard], copies: "queue.Queue[Path]", pool: ThreadPoolExecutor
) -> dict[tuple[str, str], str]:
    """The (test, database) pairs that fail with every guard in place: a failure of theirs later would say nothing.

    All are run at once, because most of the time goes into starting; one by one only where something fails.
    """
    wanted = {(test, guard.database): guard.seconds for guard in guards for test in guard.tests}

    def run(tests: Sequence[str], database: str, seconds: int) -> str:
        with _borrowed(copies) as copy:
            status, told = _pytest(copy, tests, database, seconds)
        return "" if status == 0 else told

    shares = [
        ([test for test, of in wanted if of == database][part::AT_ONCE], database)
        for database in sorted({database for _, database in wanted})
        for part in range(AT_ONCE)
    ]
    at_once = [
        (tests, database, pool.submit(run, tests, database, sum(wanted[test, database] for test in tests)))
        for tests, database in shares
        if tests
    ]
    doubtful = [(test, database) for tests, database, future in at_once if future.result() for test in tests]
    running = {pair: pool.submit(run, (pair[0],), pair[1], wanted[pair]) for pair in doubtful}
    return {pair: told for pair, future in running.items() if (told := future.result())}


def _try(guard: Guard, copies: "queue.Queue[Path]", unfit: dict[tuple[str, str], str]) -> Verdict:
    for test in guard.tests:
        if told := unfit.get((test, guard.database)):
            return Verdict(guard, False, f"{test} does not pass with the guard in place: {told}")
    with _borrowed(copies) as copy:
        place = copy / guard.file
        try:
            before = place.read_text(encoding="utf-8")
            changed = without(guard, before)
        except (OSError, ValueError) as error:
            return Verdict(guard, False, str(error))
        place.write_text(changed, encoding="utf-8")
        started = time.monotonic()
        try:
            status, told = _pytest(copy, guard.tests, guard.database, guard.seconds)
        finally:
            place.write_text(before, encoding="utf-8")
    return _judge(guard, status, told, time.monotonic() - started)


def _judge(guard: Guard, status: int, told: str, seconds: float) -> Verdict:
    match status:
        case 0:
            return Verdict(guard, False, "NO TEST NOTICED", seconds)
        case 1:
            return Verdict(guard, True, told, seconds)
        case _ if status == OUT_OF_TIME:
            return Verdict(guard, guard.may_hang, f"the tests did not end within {guard.seconds} s", seconds)
        case _:
            return Verdict(guard, False, f"the tests could not run (pytest status {status}): {told}", seconds)


def _pytest(copy: Path, tests: Sequence[str], database: str, seconds: int) -> tuple[int, str]:
    """pytest's exit status (-1: out of time) and the first test that failed."""
    command = [sys.executable, "-m", "pytest", "-x", "-rfE", "--tb=no", "-p", "no:cacheprovider", *tests]
    environment = {
        **os.environ,
        "COUNTERSIGN_TEST_DATABASE": database,
        "COLUMNS": "200",
        # The copy comes first everywhere, also for programs the tests start; a stale .pyc would hide a change.
        "PYTHONPATH": str(copy),
        "PYTHONDONTWRITEBYTECODE": "1",
        "HYPOTHESIS_STORAGE_DIRECTORY": str(copy / ".hypothesis"),
    }
    # The output goes to a file: a program a test left running could hold a pipe open past the time limit.
    with (copy / ".mutant-output").open("w+", encoding="utf-8") as output:
        process = subprocess.Popen(
            command, cwd=copy, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
        try:
            status = process.wait(seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt):
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            return OUT_OF_TIME, f"not done within {seconds} s"
        output.seek(0)
        return status, _first_failure(output.read())


def _first_failure(output: str) -> str:
    found = re.search(r"^(?:FAILED|ERROR) (\S.*?)(?: - .*)?$", output, re.MULTILINE)
    return found[1] if found else (output.strip().splitlines() or ["pytest said nothing"])[-1]


def _copy_tree(copy: Path) -> Path:
    shutil.copytree(ROOT, copy, ignore=shutil.ignore_patterns(*LEFT_OUT))
    (copy / ".venv").symlink_to(ROOT / ".venv")
    return copy


@contextmanager
def _borrowed(copies: "queue.Queue[Path]") -> Iterator[Path]:
    copy = copies.get()
    try:
        yield copy
    finally:
        copies.put(copy)


def _progress(console: Console) -> Progress:
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    return Progress(*columns, console=console)


def _table(verdicts: Sequence[Verdict]) -> Table:
    table = Table("Guard", "What the house could no longer promise")
    # The name of the test is what one came for: it is broken into lines and never cut off.
    table.add_column("Noticed by", overflow="fold")
    table.add_column("s", justify="right")
    for verdict in verdicts:
        style = "" if verdict.noticed else "bold red"
        told = Text(verdict.told.removeprefix("tests/"), style=style)
        table.add_row(Text(verdict.guard.id, style), Text(verdict.guard.sentence), told, f"{verdict.seconds:.0f}")
    return table


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:2]))
