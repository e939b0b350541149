"""What our walls cost: ``python -m tests.bench.bench_turn`` runs a turn beside a bare ``create_agent``, same model."""

import asyncio
import statistics
import time
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

ROUNDS = 200
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


async def measure(turn: Callable[[int], Awaitable[float]]) -> tuple[float, float]:
    """(CPU ms a turn, median of five batches; 95th percentile of wall ms with 8 at once)."""
    for number in range(20):
        await turn(number)
    batches = []
    for _ in range(5):
        began = time.process_time()
        for number in range(ROUNDS // 5):
            await turn(number)
        batches.append((time.process_time() - began) / (ROUNDS // 5) * 1e3)

    async def timed(number: int) -> float:
        began = time.perf_counter()
        await turn(number)
        return (time.perf_counter() - began) * 1e3

    walls: list[float] = []
    for _ in range(10):
        walls += await asyncio.gather(*(timed(n) for n in range(8)))
    return statistics.median(batches), statistics.quantiles(walls, n=20)[-1]


async def run() -> list[tuple[str, float, float]]:
    """(what, CPU ms a turn, p95 ms at 8 at once) for each; prints them too."""
    assistant, local = ours(is_remote=False)
    rows = [("bare create_agent", *await measure(bare(assistant))), ("our turn, embedded", *await measure(local))]
    rows.append(("our turn, remote (redacting)", *await measure(ours(is_remote=True)[1])))
    for what, cpu, p95 in rows:
        print(f"{what:<32}{cpu:>8.2f} ms CPU a turn{p95:>10.1f} ms p95 at 8 at once")
    print(f"{'what we add':<32}{rows[1][1] - rows[0][1]:>8.2f} ms CPU a turn")
    return rows


if __name__ == "__main__":
    asyncio.run(run())
