"""Who could ever be allowed what, read from the heads of the policies, so that nobody keeps a second list of rights.

A permit's head says who may ask for what; a forbid without conditions says who never may, whatever the record says.
What is left could be allowed to somebody of that kind one day; whether it is, the judge decides each time.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from auth.guard.commands import Effect

Reach = frozenset[tuple[str, str]]
WHOLE: Final = frozenset({"All", "is"})  # parts of a head that take everything of a kind
ONE: Final = frozenset({"==", "in"})  # parts that take one thing, or what is in it


@dataclass(frozen=True, slots=True)
class Head:
    """The part of a policy before its conditions. A kind of ``None`` is any; ``is_whole`` says that it holds for
    everybody of that kind, and for everything of that kind of resource; ``actions`` of ``None`` are all."""

    effect: str
    principal: str | None
    resource: str | None
    actions: frozenset[str] | None
    is_whole: bool
    has_conditions: bool

    def names(self, kind: str, action: str, groups: frozenset[str]) -> bool:
        """Whether it speaks of this kind of principal and of this action, by its name or by one of its groups."""
        is_meant = self.actions is None or bool(self.actions & (groups | {action}))
        return is_meant and self.principal in {None, kind}

    def covers(self, other: "Head") -> bool:
        """Whether every resource that the other speaks of is one that this one speaks of."""
        return self.resource in {None, other.resource}


def reach(
    policies: Iterable[Mapping[str, Any]], actions: Mapping[str, frozenset[Effect]], kinds: Iterable[str]
) -> Reach:
    """The pairs of a kind of principal and an action for which some answer can be yes.

    ``policies`` are in Cedar's JSON form. Raises ValueError for a head that has another form than the known ones.
    """
    heads = [_head(body) for body in policies]
    permits = [head for head in heads if head.effect == "permit"]
    never = [head for head in heads if head.effect == "forbid" and head.is_whole and not head.has_conditions]
    return frozenset(
        (kind, action)
        for kind in kinds
        for action, effects in actions.items()
        if _is_open(kind, action, frozenset(effect.value for effect in effects), permits, never)
    )


def _is_open(kind: str, action: str, groups: frozenset[str], permits: list[Head], never: list[Head]) -> bool:
    stopping = [head for head in never if head.names(kind, action, groups)]
    return any(p.names(kind, action, groups) and not any(n.covers(p) for n in stopping) for p in permits)


def _head(body: Mapping[str, Any]) -> Head:
    principal, resource, action = body["principal"], body["resource"], body["action"]
    return Head(
        body["effect"],
        _kind(principal),
        _kind(resource),
        _named(action),
        is_whole=all(part["op"] in WHOLE and "in" not in part for part in (principal, resource)),
        has_conditions=bool(body.get("conditions")),
    )


def _kind(part: Mapping[str, Any]) -> str | None:
    match part:
        case {"op": "is", "entity_type": str(kind)}:
            return kind
        case {"op": "==", "entity": {"type": str(kind)}}:
            return kind
        case {"op": "All"} | {"op": "in", "entity": _}:
            return None
    raise ValueError(f"a policy's head has a part that is not understood: {dict(part)}")


def _named(action: Mapping[str, Any]) -> frozenset[str] | None:
    match action:
        case {"op": "All"}:
            return None
        case {"op": str(op), "entity": {"id": str(name)}} if op in ONE:
            return frozenset({name})
        case {"op": "in", "entities": list(entities)}:
            return frozenset(str(entity["id"]) for entity in entities)
    raise ValueError(f"a policy's head has a part that is not understood: {dict(action)}")
