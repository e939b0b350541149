"""What can be asked for: small frozen types with one canonical JSON form, checked the same way at every door.

A command says *what*, never *who*: whose account it concerns comes from the :class:`~auth.actor.Actor`.
"""

import json
import unicodedata
from collections.abc import Mapping
from dataclasses import fields
from enum import StrEnum
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar

from pydantic import ConfigDict, TypeAdapter, ValidationError

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]


class Effect(StrEnum):
    """What carrying a command out does to the shop; each is an action group in the policy schema."""

    READ = "Read"
    LIGHT = "Light"
    WRITE = "Write"


class Command(Protocol):
    """A frozen dataclass. ``version`` changes when its arguments change their meaning, so old cards expire."""

    version: ClassVar[int]
    __dataclass_fields__: ClassVar[dict[str, Any]]


C = TypeVar("C", bound=Command)


class NotACommand(ValueError):
    """Arguments that cannot be a command; ``sentence`` is fit for the person who sent them."""

    def __init__(self, sentence: str, argument: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.argument = argument


def parse(kind: type[C], arguments: Mapping[str, object]) -> C:
    """Build a command from what a form, a tool or a stored card holds.

    Unknown, missing, over-long and wrongly typed arguments raise :class:`NotACommand`. Text loses invisible and
    direction-changing characters first (Unicode TR 36 §2.10), so that what a person confirms is what they see.
    """
    known = {f.name for f in fields(kind)}
    for name in arguments:
        if name not in known:
            raise NotACommand(f"There is no “{clean(name)[:40]}” in this request.", clean(name)[:40])
    try:
        made: C = _adapter(kind).validate_python({k: _cleaned(v) for k, v in arguments.items()})
        return made
    except ValidationError as error:
        first = error.errors()[0]
        argument = str(first["loc"][0]) if first["loc"] else ""
        raise NotACommand(_sentence(argument, first), argument) from error


def arguments(command: Command) -> dict[str, Json]:
    """The arguments as plain JSON values."""
    plain = _adapter(type(command)).dump_python(command, mode="json")
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass always dumps to a mapping
    return plain


def canonical(value: object) -> str:
    """The one way a JSON value is written down: sorted keys, no white space, UTF-8 (after RFC 8785, no floats)."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def action(kind: type[Command] | Command) -> str:
    """The name of a command's action in the policy."""
    return kind.__name__ if isinstance(kind, type) else type(kind).__name__


def clean(text: str) -> str:
    """Text without control, zero-width and direction-changing characters; line breaks and tabs stay."""
    normal = unicodedata.normalize("NFC", text)
    return "".join(c for c in normal if c in "\n\t" or unicodedata.category(c) not in {"Cc", "Cf", "Cs", "Co", "Cn"})


def _cleaned(value: object) -> object:
    match value:
        case str():
            return clean(value).strip()
        case dict():
            return {k: _cleaned(v) for k, v in value.items()}
        case list() | tuple():
            return [_cleaned(v) for v in value]
    return value


@cache
def _adapter(kind: type[C]) -> TypeAdapter[C]:
    # ``extra=forbid`` holds for nested values too; ``allow_inf_nan`` keeps "NaN" from being a number anywhere.
    kind.__pydantic_config__ = ConfigDict(extra="forbid", allow_inf_nan=False)  # type: ignore[attr-defined]
    return TypeAdapter(kind)


def _sentence(argument: str, error: Any) -> str:
    name = argument.replace("_", " ") or "request"
    limit = error.get("ctx", {})
    match error["type"]:
        case "missing" | "missing_argument":
            return f"The {name} is missing."
        case "string_too_short" | "too_short":
            return f"The {name} is empty."
        case "string_too_long" | "too_long":
            return f"The {name} is too long: at most {limit.get('max_length', 'a few')} fit."
        case "greater_than" | "greater_than_equal":
            return f"The {name} must be at least {limit.get('ge', limit.get('gt', 0))}."
        case "less_than" | "less_than_equal":
            return f"The {name} must be at most {limit.get('le', limit.get('lt', 0))}."
        case "value_error":
            return str(limit.get("error", f"The {name} is not valid."))
    return f"The {name} is not valid."
