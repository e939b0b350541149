"""What CI runs, in one place: each step with its time, the tests in lanes, what was not run, and one total at the end.

`make check` runs everything, `make test` the lanes (`python .ci/check.py tests`), `make bench` the measurements, and
`make fuzz` the API's document against the API. With ``COUNTERSIGN_CI=1`` (set by .ci/run) a step that cannot run here
is a failure, so that nothing goes missing unnoticed.
"""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".venv" / "bin"
STRICT = os.environ.get("COUNTERSIGN_CI") == "1"
CHROMIUM = ("chromium", "chromium-browser", "google-chrome")


@dataclass(frozen=True, slots=True)
class Step:
    """A command, how long it may take (seconds), and why it cannot run here (empty when it can)."""

    name: str
    command: tuple[str, ...]
    seconds: int = 300
    obstacle: str = ""
    environment: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Counts:
    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: "Counts") -> "Counts":
        return Counts(self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped)

    def __str__(self) -> str:
        return f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped"


def main(wanted: str) -> int:
    """Run the wanted part and return the exit status."""
    os.chdir(ROOT)
    if wanted == "bench":
        return _bench()
    if wanted == "fuzz":
        return _fuzz()
    started = time.monotonic()
    lines: list[str] = []
    missing: list[str] = []
    broken: list[str] = []
    total = Counts()
    steps = [(step, False) for step in _checks()] if wanted == "all" else []
    steps += [(step, True) for step in _lanes()]
    for step, is_lane in steps:
        if step.obstacle:
            missing.append(f"{step.name}: {step.obstacle}")
            continue
        ended_well, counts, seconds = _run(step, is_lane)
        total += counts
        told = f"  {counts}" if is_lane else ""
        lines.append(f"  {'ok    ' if ended_well else 'FAILED'}  {seconds:7.1f} s  {step.name}{told}")
        if not ended_well:
            broken.append(step.name)
    _report(lines, missing, broken)
    if STRICT and missing:
        broken.append("something was not run")
    print(f"==== {total} in {time.monotonic() - started:.1f}s ====", flush=True)
    return 1 if broken else 0


def _checks() -> list[Step]:
    no_migrations = "" if Path("migrations/check.py").exists() else "migrations/check.py is not there"
    return [
        Step("style (ruff check)", (_tool("ruff"), "check", ".")),
        Step("layout (ruff format)", (_tool("ruff"), "format", "--check", ".")),
        Step("types (mypy --strict)", (_tool("mypy"),)),
        Step("import rules (lint-imports)", (_tool("lint-imports"),)),
        Step("migrations match the models", (_tool("python"), "-m", "migrations.check"), obstacle=no_migrations),
        Step("compose file", ("docker-compose", "config", "--quiet"), obstacle=_lacks("docker-compose")),
    ]


def _lanes() -> list[Step]:
    pytest = (_tool("python"), "-m", "pytest")
    without_browser = ("-m", "not browser", "-n", "2")
    browser_obstacle = "" if any(map(shutil.which, CHROMIUM)) else "no chromium here (apt-get install chromium)"
    on_both = tuple(p for p in ("tests/auth/guard", "tests/promises", "tests/attacks") if Path(p).is_dir())
    return [
        Step("tests on SQLite", (*pytest, *without_browser), 1200, environment=_database("sqlite")),
        Step(
            "kernel, promises and attacks on PostgreSQL",
            (*pytest, *without_browser, *on_both),
            900,
            obstacle=_no_postgres(),
            environment=_database("postgres"),
        ),
        Step("browser", (*pytest, "-m", "browser"), 900, obstacle=browser_obstacle, environment=_database("sqlite")),
    ]


def _run(step: Step, is_lane: bool) -> tuple[bool, Counts, float]:
    print(f"\n==== {step.name}: {' '.join(step.command).replace(f'{TOOLS}/', '')}", flush=True)
    started = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        results = Path(folder) / "results.xml"
        extra = (f"--junitxml={results}",) if is_lane else ()
        status = _wait(step, (*step.command, *extra))
        counts = _count(results) if is_lane else Counts()
    return status == 0, counts, time.monotonic() - started


def _wait(step: Step, command: tuple[str, ...]) -> int:
    # The step gets a process group of its own, so that its browsers and servers end with it when time is up.
    process = subprocess.Popen(command, env={**os.environ, **step.environment}, start_new_session=True)  # noqa: S603
    try:
        return process.wait(step.seconds)
    except subprocess.TimeoutExpired:
        print(f"{step.name} took longer than {step.seconds} s and was ended.", flush=True)
        os.killpg(process.pid, signal.SIGTERM)
        return _end(process)
    except KeyboardInterrupt:
        os.killpg(process.pid, signal.SIGINT)
        _end(process)
        raise


def _end(process: "subprocess.Popen[bytes]") -> int:
    try:
        return process.wait(10) or 1
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        return process.wait() or 1


def _count(results: Path) -> Counts:
    if not results.exists():
        return Counts(failed=1)
    total = Counts()
    # The file was written by our own pytest a moment ago.
    for suite in ElementTree.parse(results).getroot().iter("testsuite"):  # noqa: S314
        ran, failed, skipped = (int(suite.get(key, "0")) for key in ("tests", "failures", "skipped"))
        failed += int(suite.get("errors", "0"))
        total += Counts(ran - failed - skipped, failed, skipped)
    return total


def _report(lines: list[str], missing: list[str], broken: list[str]) -> None:
    print("\n==== summary", *lines, sep="\n")
    for each in missing:
        print(f"  NOT RUN            {each}")
    if broken:
        print(f"  Failed: {', '.join(broken)}.")


def _fuzz() -> int:
    """The API under Schemathesis, for as many seconds as the next argument says (ten minutes)."""
    seconds = sys.argv[2] if len(sys.argv) > 2 else "600"
    program = [_tool("python"), "-m", "tests.frontend.api.fuzzing", seconds]
    return subprocess.run(program, env=_with_root(), check=False).returncode  # noqa: S603


def _bench() -> int:
    programs = sorted(Path("tests/bench").glob("*.py"))
    if not programs:
        print("There is nothing to measure in tests/bench.")
        return 1
    for program in programs:
        print(f"==== {program}", flush=True)
        if status := subprocess.run([_tool("python"), program], env=_with_root(), check=False).returncode:  # noqa: S603
            return status
    return 0


def _with_root() -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": str(ROOT)}


def _no_postgres() -> str:
    asked = subprocess.run(  # noqa: S603
        [_tool("python"), "-c", "from tests.postgres_server import why_not; print(why_not())"],
        capture_output=True,
        text=True,
        env=_with_root(),
        check=False,
    )
    return asked.stdout.strip() if asked.returncode == 0 else asked.stderr.strip()[-200:]


def _database(kind: str) -> dict[str, str]:
    return {"COUNTERSIGN_TEST_DATABASE": kind}


def _lacks(program: str) -> str:
    return "" if shutil.which(program) else f"no {program} here (apt-get install {program})"


def _tool(name: str) -> str:
    return str(TOOLS / name)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "all"))
    except KeyboardInterrupt:
        sys.exit(130)
