"""Refusals of this floor, told the same way to a person (a small page) and to a program (JSON)."""

import html
import json
from collections.abc import Mapping

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Scope

from auth.oauth.issuer import API

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title></head>
<body><main><h1>{title}</h1><p>{sentence}</p><p><a href="/">To the shop</a></p></main></body></html>
"""


def refusal(
    scope: Scope, status: int, *, title: str, sentence: str, headers: Mapping[str, str] | None = None
) -> Response:
    """A response with the status, as JSON (``{"error": …, "message": …}``) when the request asks for it.

    To a program at the API's door it is a problem document (RFC 9457), like everything that door refuses.
    """
    if is_api(scope):
        problem = {"type": "about:blank", "title": title, "status": status, "detail": sentence}
        body, kind = json.dumps(problem), "application/problem+json"
    elif wants_json(scope):
        body, kind = json.dumps({"error": title, "message": sentence}), "application/json"
    else:
        body, kind = _PAGE.format(title=html.escape(title), sentence=html.escape(sentence)), "text/html"
    return Response(body, status, media_type=kind, headers={"Cache-Control": "no-store", **(headers or {})})


def is_api(scope: Scope) -> bool:
    """Whether the request came to the door for software, which speaks JSON, takes bearer tokens and no cookie."""
    return str(scope.get("path", "")).startswith(f"{API}/")


def wants_json(scope: Scope) -> bool:
    """Whether the sender is a script: it accepts JSON or an event stream, and no page."""
    if is_api(scope):
        return True
    accept = Headers(scope=scope).get("accept", "")
    return "text/html" not in accept and ("application/json" in accept or "text/event-stream" in accept)
