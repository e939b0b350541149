"""What a bearer token costs an API call: ``python -m tests.bench.bench_bearer``. The whole house on SQLite.

The check (signature, audience, expiry, and the record behind the delegation) is measured alone, and beside a bare
FastAPI handler in the same run, so that the figure says something on any machine.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from fastapi import FastAPI, Request

from auth.oauth.bearer import Bearer, Wanted, check_bearer
from tests.building import build, migrated_sqlite, move_in
from tests.software import add_program, give_leave, token_for

CALLS = 1_000
MOST_MS = 0.4


def run() -> list[tuple[str, float, str]]:
    """(what, figure, unit) for each measurement; prints them too."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        building = move_in(build(folder, database_url=migrated_sqlite(folder / "template.db", folder)))
        add_program(building)
        issuer = building.house.issuer
        header = f"Bearer {token_for(building, give_leave(building, 'ada'))}"
        wanted = Wanted(issuer.api, ("orders:read",))

        def check() -> None:
            assert isinstance(check_bearer(issuer, header, wanted), Bearer)

        app = _app(check)
        figures = [
            ("a bearer check, CPU", _cpu_ms(check), "ms"),
            ("a bare FastAPI handler, CPU", asyncio.run(_handler_ms(app, "/bare")), "ms"),
            ("the same with a bearer check, CPU", asyncio.run(_handler_ms(app, "/checked")), "ms"),
        ]
        building.house.database.close()
    for what, figure, unit in figures:
        print(f"{what:<40}{figure:>9.3f} {unit}")
    print(f"{'the promise':<40}{MOST_MS:>9.3f} ms at most for the check")
    return figures


def _app(check: Callable[[], None]) -> FastAPI:
    app = FastAPI()

    @app.get("/bare")
    async def bare() -> dict[str, bool]:
        return {"ok": True}

    @app.get("/checked")
    async def checked(_: Request) -> dict[str, bool]:
        check()
        return {"ok": True}

    return app


def _cpu_ms(work: Callable[[], None]) -> float:
    """The best of five rounds: what it takes when nothing else is on the machine's mind."""
    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(CALLS // 5):
            work()
        rounds.append((time.process_time() - began) * 1e3 / (CALLS // 5))
    return min(rounds)


async def _handler_ms(app: FastAPI, path: str) -> float:
    scope = {"type": "http", "method": "GET", "path": path, "headers": [], "query_string": b"", "http_version": "1.1"}
    scope |= {"scheme": "http", "server": ("localhost", 80), "client": ("127.0.0.1", 1), "root_path": ""}

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(_: object) -> None:
        return None

    rounds = []
    for _ in range(5):
        began = time.process_time()
        for _ in range(CALLS // 5):
            await app(dict(scope), receive, send)  # type: ignore[arg-type]
        rounds.append((time.process_time() - began) * 1e3 / (CALLS // 5))
    return min(rounds)


if __name__ == "__main__":
    run()
