"""What our walls cost: ``python -m tests.bench.bench_turn`` runs a turn beside a bare ``create_agent``, same model."""

import asyncio
import gc
import statistics
import time
import tracemalloc
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, ToolMessage

from agent.assistant import Assistant
from agent.heard import Token
from agent.memory import customer_says
from agent.models import LoadedModel
from agent.tools import TOOLS
from agent.turn import Turn
from tests.agent.scripted import ANNA, NUMBER, FakeDesk, Scripted, says

ROUNDS, BATCH, OPEN = 200, 10, 50
BARE, OURS = "bare create_agent", "our turn, embedded"
ANSWER = "Your order is delivered. It cost €59.70 in all. A card is waiting for your signature."


def step(messages: Sequence[BaseMessage]) -> AIMessage:
    """One read, one parked change, an answer: the turn of the issue."""
    told = sum(isinstance(m, ToolMessage) for m in messages)
    calls: list[tuple[str, dict[str, Any]]] = [("show_order", {"order": NUMBER}), ("cancel_order", {"order": NUMBER})]
    return says(ANSWER) if told == 2 else says("", calls[told])


def ours(*, is_remote: bool) -> tuple[Assistant, Callable[[int], Awaitable[float]]]:
    model = LoadedModel(Scripted(step, piece=8), is_remote, "scripted")
    assistant = Assistant(model, policy_version="bench", environment={})

    async def turn(number: int) -> float:
        made = assistant.turn(ANNA, FakeDesk(), conversation="c", turn_id=str(number), note=lambda note: None)
        began, first = time.perf_counter(), 0.0
        async for heard in assistant.answer(made, [customer_says("cancel my last order")]):
            if isinstance(heard, Token) and not first:
                first = time.perf_counter() - began
        return first

    return assistant, turn


def bare(assistant: Assistant) -> Callable[[int], Awaitable[float]]:
    graph: Any = create_agent(Scripted(step, piece=8), TOOLS, context_schema=Turn)

    async def turn(number: int) -> float:
        made = assistant.turn(ANNA, FakeDesk(), conversation="c", turn_id=str(number), note=lambda note: None)
        parts = graph.astream(
            {"messages": [HumanMessage("cancel my last order")]}, context=made, stream_mode=["messages", "updates"]
        )
        async for _ in parts:
            pass
        return 0.0

    return turn


async def cpu_ms(turns: dict[str, Callable[[int], Awaitable[float]]]) -> dict[str, float]:
    """CPU ms a turn: the least of many small batches, taken in turns, so that a busy machine troubles all alike."""
    batches: dict[str, list[float]] = {what: [] for what in turns}
    for _ in range(ROUNDS // BATCH):
        for what, turn in turns.items():
            began = time.process_time()
            for number in range(BATCH):
                await turn(number)
            batches[what].append((time.process_time() - began) / BATCH * 1e3)
    return {what: min(found) for what, found in batches.items()}


async def p95_ms(turn: Callable[[int], Awaitable[float]]) -> float:
    """The 95th percentile of a turn's wall ms with eight at once."""

    async def timed(number: int) -> float:
        began = time.perf_counter()
        await turn(number)
        return (time.perf_counter() - began) * 1e3

    walls: list[float] = []
    for _ in range(10):
        walls += await asyncio.gather(*(timed(n) for n in range(8)))
    return statistics.quantiles(walls, n=20)[-1]


async def memory_kib(assistant: Assistant) -> float:
    """What one open stream holds (KiB, Python's own count): the mean of many that have begun to answer and wait."""
    gc.collect()
    tracemalloc.start()
    before, _ = tracemalloc.get_traced_memory()
    streams = []
    for number in range(OPEN):
        made = assistant.turn(ANNA, FakeDesk(), conversation="c", turn_id=str(number), note=lambda note: None)
        stream = assistant.answer(made, [customer_says("cancel my last order")])
        await anext(stream)
        streams.append(stream)
    held, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    for stream in streams:
        await stream.aclose()
    return (held - before) / OPEN / 1024


async def run() -> list[tuple[str, float, float]]:
    """(what, CPU ms a turn, p95 ms at 8 at once) for each; prints them too."""
    assistant, local = ours(is_remote=False)
    turns = {BARE: bare(assistant), OURS: local, "our turn, remote (redacting)": ours(is_remote=True)[1]}
    cpu = await cpu_ms(turns)
    rows = [(what, cpu[what], await p95_ms(turn)) for what, turn in turns.items()]
    for what, each, p95 in rows:
        print(f"{what:<32}{each:>8.2f} ms CPU a turn{p95:>10.1f} ms p95 at 8 at once")
    print(f"{'what we add':<32}{cpu[OURS] - cpu[BARE]:>8.2f} ms CPU a turn")
    print(f"{'an open stream holds':<32}{await memory_kib(assistant):>8.1f} KiB")
    return rows


if __name__ == "__main__":
    asyncio.run(run())
