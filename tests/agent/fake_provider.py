"""A model provider on loopback that speaks OpenAI's chat completions and Anthropic's messages, and fails on demand.

Real HTTP, real server-sent events: what a test meets is what the packages of the providers make of the bytes.
"""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route


@dataclass(frozen=True, slots=True)
class Called:
    """A tool call. ``arguments`` goes over the line as it is, JSON or not; ``id`` may be missing."""

    name: str
    arguments: str = "{}"
    id: str | None = "call_1"


@dataclass(frozen=True, slots=True)
class Says:
    """An answer. ``breaks`` says how its stream ends: ``""`` well, ``line`` by a dropped connection, ``end`` too soon
    though politely, ``hang`` never."""

    text: str = ""
    calls: tuple[Called, ...] = ()
    breaks: str = ""


@dataclass(frozen=True, slots=True)
class Refuses:
    """An answer with a status and no stream."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Hangs:
    """No answer at all."""


Behaviour = Says | Refuses | Hangs


@dataclass
class FakeProvider:
    """Does what is in ``script``, one request after the other, the last for ever. ``bodies`` are the bytes it got."""

    script: list[Behaviour]
    address: str = ""
    bodies: list[bytes] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)

    @property
    def openai(self) -> str:
        return f"openai:fake-model@{self.address}/v1"

    @property
    def anthropic(self) -> str:
        return f"anthropic:fake-model@{self.address}"

    @property
    def text(self) -> str:
        """Everything that left the shop, as text."""
        return b"\n".join(self.bodies).decode()

    def read(self, at: int) -> dict[str, Any]:
        """One request's body."""
        body: dict[str, Any] = json.loads(self.bodies[at])
        return body

    async def answer(self, request: Request) -> Response:
        self.bodies.append(await request.body())
        self.headers.append(dict(request.headers))
        match self.script.pop(0) if len(self.script) > 1 else self.script[0]:
            case Hangs():
                await asyncio.sleep(3600)
                return Response()
            case Refuses(status, headers):
                body = {"error": {"message": "no", "type": "fake"}, "type": "error"}
                return JSONResponse(body, status, headers=dict(headers))
            case Says() as said:
                events = _openai(said) if request.url.path.endswith("/chat/completions") else _anthropic(said)
                return StreamingResponse(_line(events, said.breaks), media_type="text/event-stream")


@contextmanager
def provider(*script: Behaviour) -> Iterator[FakeProvider]:
    """A running provider; it is gone at the end."""
    fake = FakeProvider(list(script))
    routes = [Route(path, fake.answer, methods=["POST"]) for path in ("/v1/chat/completions", "/v1/messages")]
    config = uvicorn.Config(
        Starlette(routes=routes), port=0, log_level="critical", lifespan="off", timeout_graceful_shutdown=0
    )
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    ends = time.monotonic() + 10
    while not server.started:
        if time.monotonic() > ends:
            raise TimeoutError("the fake provider did not start")
        time.sleep(0.005)
    fake.address = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        yield fake
    finally:
        server.should_exit = server.force_exit = True
        thread.join(10)


async def _line(events: Sequence[bytes], breaks: str) -> AsyncIterator[bytes]:
    kept = events if not breaks else events[:-2]  # the last two say that the message is complete
    for event in kept:
        yield event
        await asyncio.sleep(0)
    if breaks == "hang":
        await asyncio.sleep(3600)
    if breaks == "line":
        # The server drops the connection of an answer that fails half-way; the client misses the last chunk.
        raise ConnectionResetError


def _openai(said: Says) -> list[bytes]:
    """Chat completions, streamed: https://platform.openai.com/docs/api-reference/chat-streaming"""
    deltas: list[dict[str, Any]] = [{"role": "assistant", "content": ""}]
    deltas += [{"content": piece} for piece in _pieces(said.text)]
    for index, call in enumerate(said.calls):
        function = {"name": call.name, "arguments": ""}
        deltas.append({"tool_calls": [{"index": index, "id": call.id, "type": "function", "function": function}]})
        deltas += [
            {"tool_calls": [{"index": index, "function": {"arguments": piece}}]} for piece in _pieces(call.arguments)
        ]
    chunks = [_chunk(delta, None) for delta in deltas]
    return [*chunks, _chunk({}, "tool_calls" if said.calls else "stop"), b"data: [DONE]\n\n"]


def _chunk(delta: dict[str, Any], reason: str | None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": reason}
    body = {"id": "c1", "object": "chat.completion.chunk", "created": 1, "model": "fake-model", "choices": [choice]}
    return f"data: {json.dumps(body)}\n\n".encode()


def _anthropic(said: Says) -> list[bytes]:
    """Messages, streamed: https://docs.anthropic.com/en/api/messages-streaming"""
    usage = {"input_tokens": 1, "output_tokens": 1}
    start = {"id": "m1", "type": "message", "role": "assistant", "model": "fake-model", "content": []}
    events: list[dict[str, Any]] = [
        {"type": "message_start", "message": {**start, "stop_reason": None, "stop_sequence": None, "usage": usage}},
        {"type": "ping"},
    ]
    blocks: list[tuple[dict[str, Any], list[dict[str, Any]]]] = []
    if said.text:
        texts = [{"type": "text_delta", "text": piece} for piece in _pieces(said.text)]
        blocks.append(({"type": "text", "text": ""}, texts))
    for call in said.calls:
        parts = [{"type": "input_json_delta", "partial_json": piece} for piece in _pieces(call.arguments)]
        blocks.append(({"type": "tool_use", "id": call.id, "name": call.name, "input": {}}, parts))
    for index, (block, deltas) in enumerate(blocks):
        events.append({"type": "content_block_start", "index": index, "content_block": block})
        events += [{"type": "content_block_delta", "index": index, "delta": delta} for delta in deltas]
        events.append({"type": "content_block_stop", "index": index})
    reason = "tool_use" if said.calls else "end_turn"
    events.append({"type": "message_delta", "delta": {"stop_reason": reason, "stop_sequence": None}, "usage": usage})
    events.append({"type": "message_stop"})
    return [f"event: {event['type']}\ndata: {json.dumps(event)}\n\n".encode() for event in events]


def _pieces(text: str) -> list[str]:
    return [text[at : at + 7] for at in range(0, len(text), 7)]
