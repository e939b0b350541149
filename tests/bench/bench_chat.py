"""A chat as people have it: ``python -m tests.bench.bench_chat``. The whole house on SQLite, the shop's own model.

Eight people talk at once, each in a conversation of their own; a look and a change that waits for a signature.
"""

import asyncio
import statistics
import tempfile
import time
from pathlib import Path

from frontend.turns import Running, Said, Turns
from tests.evaluation.stage import Bought, Somebody, Stage

CHATS, ROUNDS = 8, 6
MUG = Bought("A", "paid", 0, (("Harbour Stoneware Mug", "", 1),))


async def _talk(turns: Turns, somebody: Somebody, walls: list[float]) -> None:
    conversation = None
    for text in ("where is my last order?", "cancel it"):
        began = time.perf_counter()
        running = await turns.say(somebody.actor, Said(text), conversation)
        assert isinstance(running, Running)
        await running.wait()
        conversation = running.noted.conversation_id
        walls.append((time.perf_counter() - began) * 1e3)


async def _all_at_once(turns: Turns, people: list[Somebody], walls: list[float]) -> None:
    await asyncio.gather(*(_talk(turns, somebody, walls) for somebody in people))


def run() -> list[tuple[str, float, str]]:
    """(what, figure, unit) for each measurement; prints them too."""
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        turns, walls, alone = Turns(stage.house), list[float](), list[float]()
        asyncio.run(_all_at_once(turns, [stage.customer(orders=[MUG])], alone))  # the first turn warms up
        alone.clear()
        began = time.process_time()
        for _ in range(ROUNDS):
            asyncio.run(_all_at_once(turns, [stage.customer(orders=[MUG])], alone))
        cpu = (time.process_time() - began) * 1e3 / len(alone)
        for _ in range(ROUNDS):
            asyncio.run(_all_at_once(turns, [stage.customer(orders=[MUG]) for _ in range(CHATS)], walls))
        stage.close()
    figures = [
        ("a turn alone, CPU", cpu, "ms"),
        ("a turn alone, median", statistics.median(alone), "ms"),
        (f"{CHATS} chats at once, median", statistics.median(walls), "ms"),
        (f"{CHATS} chats at once, 95th percentile", statistics.quantiles(walls, n=20)[-1], "ms"),
    ]
    for what, figure, unit in figures:
        print(f"{what:<40}{figure:>9.1f} {unit}")
    return figures


if __name__ == "__main__":
    run()
