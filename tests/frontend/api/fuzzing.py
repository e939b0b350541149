"""Schemathesis before the API: the whole document, good and bad values, with the tokens of many customers.

A test runs a few examples of each operation; ``python -m tests.frontend.api.fuzzing SECONDS`` (``make fuzz``) goes on
for as long as one likes. Nothing is patched: the calls come from changing networks and in the name of changing
customers, so that no ceiling answers in place of the operation.
"""

import random
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis.errors import Unsatisfiable
from schemathesis.checks import CHECKS, load_all_checks
from schemathesis.generation import GenerationMode
from starlette.types import ASGIApp, Receive, Send
from starlette.types import Scope as Connection

from frontend.api.doors import DOCUMENT
from frontend.app import create_app
from tests.agent.scripted import Scripted, says
from tests.building import Building, build, migrated_sqlite, move_in
from tests.software import EVERYTHING, add_program, give_leave, token_for

WANTED = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
)
APPS = 40


@dataclass(slots=True)
class Callers:
    """The app as many programs call it: each call with the next token, from the next network, to the shop's name."""

    app: ASGIApp
    tokens: list[str]
    turn: count = field(default_factory=count)  # type: ignore[type-arg]

    async def __call__(self, scope: Connection, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            number = next(self.turn)
            own = {b"host", b"authorization"}
            token = self.tokens[number % len(self.tokens)]
            headers = [(name, value) for name, value in scope["headers"] if name.lower() not in own]
            headers += [(b"host", b"localhost:8000"), (b"authorization", f"Bearer {token}".encode())]
            scope = {**scope, "headers": headers, "client": (f"198.51.{number // 250 % 250}.{number % 250 + 1}", 5000)}
        await self.app(scope, receive, send)


@dataclass(slots=True)
class Fuzzing:
    """What was asked and answered so far: how often each operation answered with each status."""

    building: Building
    schema: Any
    checks: list[Any]
    answered: Counter[tuple[str, int]] = field(default_factory=Counter)

    @classmethod
    def before(cls, building: Building) -> "Fuzzing":
        load_all_checks()
        app = create_app(building.settings, building.house, chores=False)
        tokens = []
        for number in range(APPS):
            client_id = f"app-{number}"
            add_program(building, client_id)
            leave = give_leave(building, ("ada", "ben")[number % 2], client_id=client_id, scopes=EVERYTHING)
            tokens.append(token_for(building, leave))
        schema = schemathesis.openapi.from_asgi(DOCUMENT, Callers(app, tokens))
        return cls(building, schema, [CHECKS.get_one(name) for name in WANTED])

    def round(self, *, examples: int, number: int = 0, until: float | None = None) -> None:
        """Every operation with so many good and so many bad examples."""
        for result in self.schema.get_all_operations():
            operation = result.ok()
            for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
                if until is not None and time.monotonic() > until:
                    return
                self._operation(operation, mode, examples=examples, number=number)

    def _operation(self, operation: Any, mode: GenerationMode, *, examples: int, number: int) -> None:
        chance = random.Random(f"{operation.label} {number}")

        @seed(number)
        @settings(
            max_examples=examples,
            deadline=None,
            database=None,
            phases=(Phase.explicit, Phase.generate),
            suppress_health_check=list(HealthCheck),
        )
        @given(case=operation.as_strategy(generation_mode=mode))
        def run(case: Any) -> None:
            if mode is GenerationMode.POSITIVE:
                self._make_real(case, chance)
            answer = case.call()
            self.answered[operation.label, answer.status_code] += 1
            case.validate_response(answer, checks=self.checks)

        # An operation that takes nothing cannot be sent anything wrong.
        with suppress(Unsatisfiable):
            run()

    def _make_real(self, case: Any, chance: random.Random) -> None:
        """Half of the time, things that are there: whoever only meets 404 never sees what lies behind."""
        there = {
            "order": list(self.building.orders.values()),
            "sku": ["mug-pine", "lamp-fog", "tent-moss"],
            "product": ["harbour-mug", "quiet-lamp"],
            "address": ["address:home", "address:office"],
            "payment": ["card:visa-4242"],
            "lines": [[], [1], [1, 2]],
            "line": [1],
        }
        body = case.body if isinstance(case.body, dict) else {}
        for place in (case.path_parameters or {}, body):
            for name in place:
                if name in there and chance.random() < 0.7:
                    place[name] = chance.choice(there[name])
        if case.headers and "If-Match" in case.headers and chance.random() < 0.7:
            case.headers["If-Match"] = "*"


def main(seconds: float) -> int:
    """Rounds without end, until the time is up; prints how often each status was met."""
    ends = time.monotonic() + seconds
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        url = migrated_sqlite(place / "template.db", place)
        fuzzing = Fuzzing.before(move_in(build(place, database_url=url, model=Scripted(says("I listen.")))))
        rounds = 0
        while time.monotonic() < ends:
            fuzzing.round(examples=15, number=rounds, until=ends)
            rounds += 1
        fuzzing.building.house.database.close()
    statuses = Counter[int]()
    for (_, status), times in fuzzing.answered.items():
        statuses[status] += times
    told = ", ".join(f"{status}: {times}" for status, times in sorted(statuses.items()))
    print(f"{sum(statuses.values())} calls in {rounds} rounds, and nothing the document does not say. {told}")
    return 0


if __name__ == "__main__":
    sys.exit(main(float(sys.argv[1]) if len(sys.argv) > 1 else 600.0))
