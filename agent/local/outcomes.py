"""How the end of a tool call is read: every outcome has its own words; only a look that found nothing is empty."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from typing import Any

from agent.local.replies import facts_of
from agent.local.tasks import Change, Said
from agent.record import BY_OTHERS

Result = Mapping[str, Any]

SIGN_IN = "guests-sign-in"  # how the policies end that want an account


def answered(result: Result) -> bool:
    """Whether a look was answered with what was looked for, so that an empty list in it means that there is nothing."""
    return result.get("outcome") in {None, "done", "shown"}


def part(result: Result, name: str) -> Result:
    """The record under a name, or the result itself where it is the record."""
    inner = result.get(name)
    return inner if isinstance(inner, Mapping) else result


def outcome(result: Result, args: Mapping[str, Any], own: Mapping[str, str] | None = None) -> Said:
    """What to say for a result: the shop's own sentence where it says no. ``own`` are the facts of the intent."""
    facts = {"order": args.get("order"), "query": args.get("query")} | facts_of(result, own or {})
    said = Said(
        "done",
        {k: str(v) for k, v in facts.items() if v},
        order=args.get("order"),
        product=args.get("product") if isinstance(args.get("product"), str) else None,
        policy=str(result.get("policy") or ""),
    )
    match result.get("outcome"):
        case "awaiting_approval":
            return replace(said, key="awaiting", card=True)
        case "refused" if said.policy.endswith(SIGN_IN):
            return replace(said, key="sign_in")
        case "not_found" if args.get("order"):
            return replace(said, key="order_not_found")
        case "refused" | "pending" | "not_found" | "error" as key:
            return replace(said, key=key)
        case None | "done" | "shown" if _is_empty(result):
            return replace(said, key="empty")
        case None | "done" | "shown":
            return said
        case _:
            return replace(said, key="unknown")


def changes_in(results: Iterable[tuple[str, Mapping[str, Any], Result]], changing: Collection[str]) -> list[Change]:
    """The changes that were asked for, each with the outcome that the conversation holds for it by now; ``changing``
    are the tools that change something."""
    return [
        Change(
            str(args.get("order") or ""),
            str(result["outcome"]),
            str(result.get("says") or ""),
            policy_of(result),
            str(result.get("approval") or "") if result["outcome"] == "awaiting_approval" else "",
        )
        for tool, args, result in results
        if tool in changing and isinstance(result.get("outcome"), str)
    ]


def recalled(change: Change) -> Said:
    """How a change stands that was asked for before: by its outcome, in the shop's words where there are some."""
    keys = {"awaiting_approval": "awaiting", "done": "done", "pending": "pending"}
    facts = {name: text for name, text in {"order": change.order, "says": change.says}.items() if text}
    key = f"recalled_{keys.get(change.outcome, 'refused')}"
    waits = change.outcome == "awaiting_approval"
    return Said(key, facts, order=change.order or None, card=waits, policy=change.policy)


def policy_of(result: Result) -> str:
    """The id of the policy that decided, or nothing."""
    return str(result.get("policy") or "")


def _is_empty(result: Result) -> bool:
    """Whether a look found nothing: every list in it is empty, and no single record stands beside."""
    parts = [result, *(result[name] for name in ("basket",) if isinstance(result.get(name), Mapping))]
    lists = [value for inner in parts for key, value in inner.items() if isinstance(value, list) and key != BY_OTHERS]
    single = any(isinstance(value, Mapping) for key, value in result.items() if key not in {"basket", BY_OTHERS})
    return bool(lists) and not any(lists) and not single
