"""The OpenAPI 3.1 document, written from the table: what is not in it has no door, and what has a door is here."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any

from pydantic import TypeAdapter

from auth.guard.commands import Effect, action
from auth.oauth.issuer import API, AUTHORIZE, TOKEN, Issuer
from frontend.api.answering import JSON, KEY, KEY_FORM, REPLAYED
from frontend.api.examples import ACCEPTED
from frontend.api.operations import Operation
from frontend.api.problems import KINDS, MEDIA_TYPE
from frontend.api.shapes import Accepted
from frontend.api.table import OPERATIONS, by_path
from frontend.house import House

Json = dict[str, Any]
SCHEME = "customer"
STREAM = "text/event-stream"
_REFS = "#/components/schemas/{model}"
_LONGEST_PART = 80

_ALWAYS = ("401", "403", "413", "422", "429", "500")
_WORDS: Mapping[str, str] = {
    "200": "Done, or here it is",
    "202": "Nothing has changed yet: it waits for the customer’s signature, or for the payment service",
    "304": "It is still what If-None-Match names",
    "400": "Not JSON, no Idempotency-Key, or a cursor of another list",
    "401": "No access token, or none that is good here",
    "403": "The leave, or a rule of the shop (`policy`), does not allow it",
    "404": "Not there, or not this customer’s: the two look the same",
    "409": "The first call with this key is under way, or it can no longer be done like this",
    "412": "The state that If-Match names is not the present one",
    "413": "The body is longer than 64 KiB",
    "415": "The body is not application/json in UTF-8",
    "422": "A value does not fit, is unknown, or the key was used for something else",
    "428": "If-Match is missing",
    "429": "Too often; Retry-After says when again",
    "500": "Something broke on the shop’s side; the same key may be used again",
}
_DESCRIPTION = """The door for software that acts for a customer of {shop}, with the leave that the customer has given.

Whatever changes money, orders or addresses is only *prepared* here: the answer is 202, and the customer signs on a page
of the shop, which they also find by mail. No program can sign. Reading starts from the customer of the token; what is
somebody else's is not there.

Every change needs an `Idempotency-Key`. The same key gives the first answer again for 24 hours. A change of the basket
or the addresses is held against `If-Match`. The door reads no cookie."""


def document(house: House) -> Json:
    """The whole document, as JSON values."""
    issuer = house.issuer
    paths = {
        path: {method.lower(): _operation(house, operation) for method, operation in methods.items()}
        for path, methods in by_path().items()
    }
    return {
        "openapi": "3.1.0",
        "jsonSchemaDialect": "https://json-schema.org/draft/2020-12/schema",
        "info": {"title": f"{house.name}: API", "version": "1", "description": _DESCRIPTION.format(shop=house.name)},
        "servers": [{"url": issuer.url + API}],
        "tags": [{"name": name} for name in dict.fromkeys(operation.subject for operation in OPERATIONS)],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": {SCHEME: _scheme(issuer)}},
    }


def document_bytes(house: House) -> bytes:
    return json.dumps(document(house), ensure_ascii=False, indent=1).encode()


def is_write(house: House, operation: Operation) -> bool:
    """Whether what it asks for waits for the customer's signature."""
    return operation.command is not None and house.rooms[operation.command].effect is Effect.WRITE


def body_schema(operation: Operation) -> Json | None:
    """The schema of an operation's body: the command's arguments that neither the path nor the entry gives."""
    if operation.takes is not None:
        taken: Json = _plain(TypeAdapter(operation.takes).json_schema(ref_template=_REFS))
        return taken
    if operation.command is None:
        return None
    whole = _plain(TypeAdapter(operation.command).json_schema(ref_template=_REFS))
    elsewhere = {*operation.path_arguments, *operation.fixed}
    properties = {name: schema for name, schema in whole.get("properties", {}).items() if name not in elsewhere}
    if not properties:
        return None
    required = [name for name in whole.get("required", []) if name not in elsewhere]
    return {
        "type": "object",
        "properties": properties,
        "additionalProperties": False,
        **({"required": required} if required else {}),
    }


def _operation(house: House, operation: Operation) -> Json:
    told: Json = {
        "operationId": operation.name,
        "tags": [operation.subject],
        "summary": operation.summary,
        "security": [{SCHEME: list(operation.scopes)}],
        "parameters": [*_in_path(operation), *_in_query(operation), *_in_headers(operation)],
        "responses": _responses(house, operation),
    }
    if operation.is_public:
        told["security"] = [{}, {SCHEME: []}]
    if operation.command is not None:
        told["x-command"] = action(operation.command)
    body = body_schema(operation)
    if body is not None:
        content = {JSON: {"schema": body, "example": dict(operation.sends)}}
        told["requestBody"] = {"required": bool(operation.sends), "content": content}
    return told


def _in_path(operation: Operation) -> list[Json]:
    known: Json = {}
    if operation.command is not None:
        known = _plain(TypeAdapter(operation.command).json_schema())["properties"]
    plain = {"type": "string", "minLength": 1, "maxLength": _LONGEST_PART}
    return [
        {"name": name, "in": "path", "required": True, "schema": known.get(name, plain)}
        for name in operation.path_arguments
    ]


def _in_query(operation: Operation) -> list[Json]:
    properties = _plain(operation.query.model_json_schema()).get("properties", {})
    return [
        {
            "name": name,
            "in": "query",
            "required": False,
            "description": schema.pop("description", ""),
            "schema": _without_null(schema),
        }
        for name, schema in properties.items()
    ]


def _in_headers(operation: Operation) -> list[Json]:
    def header(name: str, *, required: bool, schema: Json, words: str, example: str) -> Json:
        return {
            "name": name,
            "in": "header",
            "required": required,
            "schema": schema,
            "description": words,
            "example": example,
        }

    found = list[Json]()
    if operation.needs_key:
        form = {"type": "string", "pattern": f"^{KEY_FORM}$"}
        words = "A new one for each change; the same one when the same change is sent again"
        found.append(header(KEY, required=True, schema=form, words=words, example="3f6c1b9e-1"))
    else:
        words, tag = "An ETag seen before: 304 while it is still the same", '"0f3a96c1"'
        found.append(header("If-None-Match", required=False, schema={"type": "string"}, words=words, example=tag))
    if operation.guards:
        words = f"The ETag of {operation.guards}, as the change was decided on"
        form, needed = {"type": "string"}, operation.must_match
        found.append(header("If-Match", required=needed, schema=form, words=words, example='"0f3a96c1"'))
    return found


def _responses(house: House, operation: Operation) -> Json:
    seen = {"ETag": {"required": True, "schema": {"type": "string"}, "description": "Names this state"}}
    replayed = {REPLAYED: {"schema": {"type": "string"}, "description": "Says that this is the first answer again"}}
    example = json.loads(_adapter(operation.answers).dump_json(operation.example))
    whole = {"schema": _ref(operation.answers), "example": example}
    answers: Json = {}
    if not operation.needs_key:
        answers["200"] = {"description": _WORDS["200"], "headers": seen, "content": {JSON: whole}}
        answers["304"] = {"description": _WORDS["304"], "headers": seen}
    else:
        content = {JSON: whole} | ({STREAM: {"schema": {"type": "string"}}} if operation.is_talk else {})
        answers["200"] = {"description": _WORDS["200"], "headers": replayed, "content": content}
    if is_write(house, operation):
        waiting = {JSON: {"schema": _ref(Accepted), "example": _accepted_example()}}
        answers["202"] = {"description": _WORDS["202"], "headers": replayed, "content": waiting}
    return answers | {status: _problem(status) for status in _refusals(operation)}


def _refusals(operation: Operation) -> list[str]:
    more = ["400", "404"]
    if operation.needs_key:
        more += ["409", "415"]
    if operation.guards:
        more += ["412", "428"] if operation.must_match else ["412"]
    return sorted({*_ALWAYS, *more})


def _problem(status: str) -> Json:
    kind, title = next(((k, t) for k, (s, t) in KINDS.items() if str(s) == status), ("about:blank", _WORDS[status]))
    example = {"type": f"/api#{kind}", "title": title, "status": int(status), "detail": _WORDS[status]}
    answer: Json = {
        "description": _WORDS[status],
        "content": {MEDIA_TYPE: {"schema": {"$ref": _REFS.format(model="Problem")}, "example": example}},
    }
    if status == "401":
        words = "What is missing, and where the shop describes itself (RFC 6750, RFC 9728)"
        answer["headers"] = {"WWW-Authenticate": {"required": True, "schema": {"type": "string"}, "description": words}}
    if status == "429":
        answer["headers"] = {"Retry-After": {"schema": {"type": "string"}, "description": "Seconds"}}
    return answer


def _accepted_example() -> Json:
    found: Json = json.loads(_adapter(Accepted).dump_json(ACCEPTED))
    return found


def _scheme(issuer: Issuer) -> Json:
    flow = {
        "authorizationUrl": issuer.url + AUTHORIZE,
        "tokenUrl": issuer.url + TOKEN,
        "refreshUrl": issuer.url + TOKEN,
        "scopes": {name: issuer.scopes[name] for op in OPERATIONS for name in op.scopes},
    }
    words = "Code with PKCE S256. Ask for the resource of this API, so that the token is for it (RFC 8707)."
    return {"type": "oauth2", "description": words, "flows": {"authorizationCode": flow}}


def _schemas() -> Json:
    """Every shape once, under its name; and what the commands' arguments are made of."""
    shapes = list({id(s): s for s in (*(op.answers for op in OPERATIONS), Accepted)}.values())
    inputs = [(str(n), "serialization", _adapter(shape)) for n, shape in enumerate(shapes)]
    _, told = TypeAdapter.json_schemas(inputs, ref_template=_REFS)  # type: ignore[arg-type]
    found: Json = dict(told.get("$defs", {}))
    for operation in OPERATIONS:
        if operation.command is not None:
            found |= TypeAdapter(operation.command).json_schema(ref_template=_REFS).get("$defs", {})
    return {name: _plain(schema) for name, schema in sorted(found.items())} | {"Problem": _PROBLEM}


def _ref(shape: Any) -> Json:
    inner = _adapter(shape).json_schema(mode="serialization", ref_template=_REFS)
    plain: Json = _plain(inner)
    return plain


_PROBLEM: Json = {
    "type": "object",
    "description": "RFC 9457. `type` leads to the documentation of its kind; `policy` names the rule that refused.",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "policy": {"type": "string"},
        "argument": {"type": "string"},
        "scope": {"type": "string"},
    },
}


def _without_null(schema: Json) -> Json:
    """A parameter of an address is left out or has a value; nobody can send a null there."""
    options = [option for option in schema.get("anyOf", []) if option != {"type": "null"}]
    rest = {name: value for name, value in schema.items() if name not in {"anyOf", "default"}}
    return {**rest, **options[0]} if options else schema


def _plain(value: Any) -> Any:
    """A schema without the titles that pydantic makes up from names, and without the definitions it carries along."""
    if isinstance(value, dict):
        dropped = {"$defs"} | ({"title"} if isinstance(value.get("title"), str) else set())
        return {name: _plain(inner) for name, inner in value.items() if name not in dropped}
    return [_plain(inner) for inner in value] if isinstance(value, list) else value


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)
