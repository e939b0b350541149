"""What software sends, read strictly: one way to write a thing, no second meaning, and nothing that nobody asked for.

JSON after RFC 8259 with what it leaves open closed: UTF-8 only, no name twice in an object, no NaN or Infinity, and
a bounded depth (OWASP API Security 2023, API8).
"""

import json
import math
import re
from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, TypeAdapter, ValidationError
from starlette.datastructures import Headers, QueryParams

from auth.guard.commands import C, Command, NotACommand, parse
from frontend.api.problems import Problem, not_fitting

DEEPEST = 8
# Possessive, and content without an end: each byte is looked at once, whatever stands there.
_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+"?', re.DOTALL)
_MEDIA = re.compile(r'application/json(?:\s*;\s*charset="?utf-8"?)?', re.IGNORECASE)
Q = TypeVar("Q", bound=BaseModel)


def read_object(headers: Headers, raw: bytes, *, may_be_empty: bool) -> dict[str, object]:
    """The JSON object in a body; a body may be left out where nothing has to stand in it."""
    if not raw and may_be_empty:
        return {}
    kinds = headers.getlist("content-type")
    if len(kinds) != 1 or _MEDIA.fullmatch(kinds[0].strip()) is None or "content-encoding" in headers:
        raise Problem("media-type", "The body is to be application/json in UTF-8, and not compressed.")
    value = _parsed(raw)
    if not isinstance(value, dict):
        raise Problem("invalid", "The body is to be a JSON object.", argument="")
    return value


def read_query(kind: type[Q], query: QueryParams) -> Q:
    """The parameters of an address; unknown and repeated ones are refused too."""
    given = query.multi_items()
    if len(dict(given)) != len(given):
        raise Problem("invalid", "A parameter stands in the address twice.", argument="")
    try:
        return kind.model_validate_strings(dict(given))
    except ValidationError as error:
        raise _wrong(error) from error


def read_body(kind: type[Q], body: Mapping[str, object]) -> Q:
    """A body that is not a command."""
    try:
        return kind.model_validate_json(json.dumps(body), strict=True)
    except ValidationError as error:
        raise _wrong(error) from error


def read_command(kind: type[C], fields: Mapping[str, object]) -> C:
    """A command from JSON values: ``"1"`` is no number and ``1`` no text. Else as at every other door."""
    try:
        command = parse(kind, fields)
        _strictly(kind).validate_json(json.dumps(fields), strict=True)
        return command
    except NotACommand as wrong:
        raise not_fitting(wrong) from wrong
    except ValidationError as error:
        raise _wrong(error) from error


def _parsed(raw: bytes) -> object:
    _check_depth(raw)
    try:
        return json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant, parse_float=_finite
        )
    except (ValueError, RecursionError) as error:
        raise Problem("not-json", "The body is to be JSON in UTF-8, with each name once and plain numbers.") from error


def _check_depth(raw: bytes) -> None:
    depth = 0
    for sign in _STRING.sub(b"", raw):
        if sign in b"[{":
            depth += 1
        elif sign in b"]}":
            depth -= 1
        if depth > DEEPEST:
            raise Problem("not-json", f"The body is nested more than {DEEPEST} deep.")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        # Of two readers one takes the first and one the last: what was checked would not be what is done.
        raise ValueError("a name stands in an object twice")
    return found


def _no_constant(name: str) -> str:
    raise ValueError(f"{name} is no number in JSON")


def _finite(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else float(_no_constant(text[:20]))


def _wrong(error: ValidationError) -> Problem:
    first = error.errors(include_url=False, include_input=False, include_context=False)[0]
    argument = ".".join(str(part) for part in first["loc"])[:80]
    return Problem("invalid", f"The value of “{argument}” does not fit: {first['msg']}.", argument=argument)


@cache
def _strictly(kind: type[Command]) -> TypeAdapter[Any]:
    return TypeAdapter(kind)
