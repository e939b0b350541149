"""The API's own page: written by the server from the document that programs read, with no script and no network.

Whoever reads it sees what the doors are made from, so it can neither lag behind nor promise more.
"""

import json
import shlex
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.web.asking import Visitor
from frontend.api.document import document
from frontend.api.problems import KINDS
from frontend.house import House, house_of
from frontend.render import render

router = APIRouter()


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, a header or a member of a body, with its bounds in words."""

    name: str
    where: str
    is_needed: bool
    words: str


@dataclass(frozen=True, slots=True)
class Told:
    """One operation as the page shows it. ``answers`` are pairs of status and words."""

    name: str
    method: str
    path: str
    summary: str
    scopes: tuple[str, ...]
    is_public: bool
    takes: tuple[Field, ...]
    answers: tuple[tuple[str, str], ...]
    example: str
    curl: str


@router.get("/api")
def show_api(request: Request, actor: Visitor) -> Response:
    house = house_of(request)
    whole = document(house)
    subjects = {tag["name"]: list(_told(whole, tag["name"])) for tag in whole["tags"]}
    return render(
        request,
        "shop/api.html",
        actor=actor,
        subjects=subjects,
        server=whole["servers"][0]["url"],
        scopes=_scopes(house, whole),
        problems=[(kind, status, title) for kind, (status, title) in KINDS.items()],
    )


def _scopes(house: House, whole: Mapping[str, Any]) -> list[tuple[str, str]]:
    (scheme,) = whole["components"]["securitySchemes"].values()
    return sorted(scheme["flows"]["authorizationCode"]["scopes"].items())


def _told(whole: Mapping[str, Any], subject: str) -> Iterator[Told]:
    for path, methods in whole["paths"].items():
        for method, operation in methods.items():
            if operation["tags"] == [subject]:
                yield _one(whole["servers"][0]["url"], path, method.upper(), operation)


def _one(server: str, path: str, method: str, operation: Mapping[str, Any]) -> Told:
    is_public = {} in operation["security"]
    good = operation["responses"].get("202") or operation["responses"]["200"]
    content, answers = good["content"]["application/json"], sorted(operation["responses"].items())
    return Told(
        name=operation["operationId"],
        method=method,
        path=path,
        summary=operation["summary"].replace("`", ""),
        scopes=tuple(scope for way in operation["security"] for scopes in way.values() for scope in scopes),
        is_public=is_public,
        takes=tuple(_fields(operation)),
        answers=tuple((code, told["description"].replace("`", "")) for code, told in answers),
        example=json.dumps(content["example"], ensure_ascii=False, indent=2),
        curl=_curl(server + path, method, operation, is_public=is_public),
    )


def _fields(operation: Mapping[str, Any]) -> Iterator[Field]:
    for given in operation["parameters"]:
        words = "; ".join(filter(None, (given.get("description", ""), _bounds(given["schema"]))))
        yield Field(given["name"], given["in"], given["required"], words)
    body = operation.get("requestBody")
    if body is not None:
        schema = body["content"]["application/json"]["schema"]
        for name, inner in schema["properties"].items():
            yield Field(name, "body", name in schema.get("required", []), _bounds(inner))


def _bounds(schema: Mapping[str, Any]) -> str:
    """What a value may be, in words: its type and its limits."""
    if "enum" in schema:
        return "one of " + ", ".join(map(str, schema["enum"]))
    if "anyOf" in schema:
        return " or ".join(_bounds(option) for option in schema["anyOf"])
    kind = schema["$ref"].rpartition("/")[2] if "$ref" in schema else str(schema.get("type", ""))
    names = (
        ("minLength", "from"),
        ("maxLength", "to"),
        ("minimum", "from"),
        ("maximum", "to"),
        ("maxItems", "at most"),
    )
    limits = [f"{word} {schema[name]}" for name, word in names if name in schema]
    of = f" of {_bounds(schema['items'])}" if "items" in schema else ""
    return f"{kind}{of}" + (f" ({', '.join(limits)})" if limits else "")


def _curl(url: str, method: str, operation: Mapping[str, Any], *, is_public: bool) -> str:
    parts = ["curl"] + ([] if method == "GET" else ["-X", method]) + [shlex.quote(url)]
    headers = [] if is_public else ["Authorization: Bearer $TOKEN"]
    headers += [
        f"{p['name']}: {p['example']}" for p in operation["parameters"] if p["in"] == "header" and p["required"]
    ]
    # Double quotes let the shell put the token in; an example of a header holds nothing else that a shell reads.
    parts += [f'-H "{header}"' if "$" in header else f"-H {shlex.quote(header)}" for header in headers]
    body = operation.get("requestBody")
    if body is not None:
        example = json.dumps(body["content"]["application/json"]["example"], ensure_ascii=False)
        parts += ["-H 'Content-Type: application/json'", f"-d {shlex.quote(example)}"]
    return " \\\n  ".join(
        [" ".join(parts[:4] if method != "GET" else parts[:2]), *parts[4 if method != "GET" else 2 :]]
    )
