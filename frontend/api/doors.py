"""The table of operations as doors of the app: one route a path, so that a wrong method is told the right ones."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Annotated

from fastapi import Depends, FastAPI, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from auth.oauth.issuer import API
from frontend.api import page
from frontend.api.answering import answer_change, answer_look
from frontend.api.asking import Asks, Caller
from frontend.api.conversations import answer_talk
from frontend.api.document import document_bytes
from frontend.api.operations import Call, Operation
from frontend.api.problems import Problem, answer_problem
from frontend.api.table import OPERATIONS, by_path, named
from frontend.errors import OK
from frontend.house import House

DOCUMENT = f"{API}/openapi.json"


def add_api(app: FastAPI, house: House) -> None:
    """Hang every operation into the app. One that submits a command without a room keeps the app from opening."""
    paths = by_path()
    for operation in OPERATIONS:
        if operation.command is not None:
            house.rooms[operation.command]
    app.add_exception_handler(Problem, answer_problem)
    for path, methods in paths.items():
        # FastAPI's own document leaves them out: it would say less, and the shop writes its own.
        app.add_api_route(API + path, _door(methods), methods=list(methods), include_in_schema=False)
    app.include_router(page.router)
    app.add_api_route(DOCUMENT, _document(document_bytes(house)), methods=["GET"], include_in_schema=False)


def _door(methods: Mapping[str, Operation]) -> Callable[..., Awaitable[Response]]:
    asks = Asks(methods)

    async def door(request: Request, caller: Annotated[Caller, Depends(asks)]) -> Response:
        operation, raw = caller.operation, await request.body()
        looks = named(operation.guards) if operation.guards else None
        call = Call(
            request,
            request.app.state.house,
            operation,
            caller.actor,
            caller.client_id,
            path=request.path_params,
            looks=looks,
        )
        if operation.is_talk:
            return await answer_talk(call, raw)
        if operation.is_change:
            return await run_in_threadpool(answer_change, call, raw)
        return await run_in_threadpool(answer_look, call)

    return door


def _document(body: bytes) -> Callable[[], Response]:
    def show_document() -> Response:
        return Response(body, OK, {"Cache-Control": "public, max-age=300"}, "application/json")

    return show_document
