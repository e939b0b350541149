"""What the assistant did: the audit log of one account as its owner reads it, command by command, in plain words.

Each step says when it happened, who did it, through which door, and which policies decided, in the policies' own words.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth.audit import AuditEntry, AuditLog
from auth.guard.decisions import Reason
from auth.guard.judge import Judge
from auth.oauth.delegations import ASSISTANT
from shop.activity_words import ACTIONS, CHANNELS, EVENTS, in_words

PAGE = 20
_SCAN = 200
_MOST_SCANS = 25

_OUTCOMES: Mapping[str, str] = MappingProxyType(
    {
        "command.verified": "done",
        "command.executed": "done",
        "record.read": "looked",
        "command.failed": "failed",
        "command.refused": "refused",
        "tool.refused": "refused",
        "command.declined": "declined",
        "command.expired": "expired",
        "command.withdrawn": "withdrawn",
        "command.superseded": "replaced",
        "command.claimed": "pending",
    }
)


@dataclass(frozen=True, slots=True)
class ActivityStep:
    """One event. ``who`` is *you*, *the assistant*, a program's name, *a clerk* or *the shop*; ``seq`` is its place in
    the log.
    """

    seq: int
    at: datetime
    kind: str
    who: str
    channel: str
    words: str
    policies: tuple[Reason, ...] = ()


@dataclass(frozen=True, slots=True)
class Activity:
    """One command from its proposal to its end, or one event that stands alone; ``steps`` in time order.

    ``outcome`` is done, looked, refused, declined, withdrawn, failed, expired, replaced, pending, waiting or noted.
    ``about`` is what it concerned, such as ``order HP-7K3M-29QD``, or empty.
    """

    command_id: UUID | None
    title: str
    about: str
    at: datetime
    who: str
    channel: str
    outcome: str
    by_assistant: bool
    act: str
    steps: tuple[ActivityStep, ...]


@dataclass(frozen=True, slots=True)
class ActivityPage:
    """Activities, newest first. ``older`` is to be passed as ``before`` for the next page; ``None`` at the end."""

    activities: tuple[Activity, ...]
    older: int | None


def read_activity(
    session: Session,
    log: AuditLog,
    judge: Judge,
    *,
    account_id: UUID,
    only_assistant: bool = False,
    only_act: str = "",
    names: Mapping[str, str] = MappingProxyType({}),
    before: int | None = None,
    limit: int = PAGE,
) -> ActivityPage:
    """What happened in an account, newest first. A command stands on the page where its newest event does.

    Only entries of this account are read: the log is no owned table, so this condition is the wall. With
    ``only_assistant``, only what the assistant had a part in, with ``only_act`` what this one program had; a page may
    then be short and still have an older one. ``names`` are those of programs, by the id the log has of them.
    """
    found, at = list[Activity](), before
    for _ in range(_MOST_SCANS):
        entries = log.entries(session, account_id=account_id, after=at, limit=_SCAN, newest_first=True)
        steps = _steps_of(session, account_id, {e.command_id for e in entries if e.command_id is not None})
        for entry in entries:
            if len(found) == limit:
                return ActivityPage(tuple(found), at)
            at = entry.seq
            told = steps.get(entry.command_id, [entry]) if entry.command_id is not None else [entry]
            if told[-1].seq != entry.seq:
                continue
            activity = _activity(told, judge, names)
            is_wanted = activity.act == only_act if only_act else activity.by_assistant or not only_assistant
            if is_wanted:
                found.append(activity)
        if len(entries) < _SCAN:
            return ActivityPage(tuple(found), None)
    return ActivityPage(tuple(found), at)


def _steps_of(session: Session, account_id: UUID, commands: set[UUID]) -> Mapping[UUID, list[AuditEntry]]:
    """Every event of these commands that concerns the account, in order: a page's edge may cut a command in two."""
    grouped = dict[UUID, list[AuditEntry]]()
    query = select(AuditEntry).where(AuditEntry.account_id == account_id, AuditEntry.command_id.in_(commands))
    for entry in session.scalars(query.order_by(AuditEntry.seq)):
        if entry.command_id is not None:
            grouped.setdefault(entry.command_id, []).append(entry)
    return grouped


def _activity(entries: Sequence[AuditEntry], judge: Judge, names: Mapping[str, str]) -> Activity:
    bodies = [entry.facts() for entry in entries]
    act = next((name for body in bodies if (name := _act(body))), "")
    steps = tuple(_step(entry, body, judge, names) for entry, body in zip(entries, bodies, strict=True))
    first = steps[0]
    return Activity(
        command_id=entries[0].command_id,
        title=_title(entries[0], bodies[0]),
        about=next((about for body in bodies if (about := _about(body))), ""),
        at=steps[-1].at,
        who=first.who,
        channel=first.channel,
        outcome=_outcome(entries),
        by_assistant=act == ASSISTANT,
        act=act,
        steps=steps,
    )


def _step(entry: AuditEntry, body: Mapping[str, Any], judge: Judge, names: Mapping[str, str]) -> ActivityStep:
    return ActivityStep(
        seq=entry.seq,
        at=entry.at,
        kind=entry.kind,
        who=_who(entry, body, names),
        channel=CHANNELS.get(entry.channel, entry.channel),
        words=in_words(entry.kind, body),
        policies=tuple(_reasons(body, judge)),
    )


def _who(entry: AuditEntry, body: Mapping[str, Any], names: Mapping[str, str]) -> str:
    if entry.kind in _BY_THE_SHOP or entry.channel == "house":
        return "the shop"
    if "by" in body or body.get("role") == "clerk" or entry.channel == "staff":
        return "a clerk"
    act = _act(body)
    if act == ASSISTANT and (app := str(body["act"].get("app", ""))):
        return f"the assistant, for the app {names.get(app, app)}"
    return "you" if not act else "the assistant" if act == ASSISTANT else f"the app {names.get(act, act)}"


def _act(body: Mapping[str, Any]) -> str:
    """Who acted for the account holder: the assistant, or a program by its id; empty for a person."""
    act = body.get("act")
    return str(act.get("name", "")) if isinstance(act, Mapping) else str(body.get("app", ""))


# Steps in which nobody acts but the shop: it decides, carries out, checks and ends what has run out.
_BY_THE_SHOP = frozenset(
    f"command.{step}"
    for step in ("decided", "awaiting", "claimed", "executed", "verified", "failed", "expired", "superseded")
)


def _title(entry: AuditEntry, body: Mapping[str, Any]) -> str:
    action = str(body.get("action", ""))
    if action:
        return ACTIONS.get(action, action)
    return EVENTS[entry.kind][0] if entry.kind in EVENTS else "The shop's record"


def _about(body: Mapping[str, Any]) -> str:
    kind, _, key = str(body.get("subject", "")).partition("/")
    match kind:
        case "Order":
            return f"order {key}"
        case "Case":
            return f"case {key}"
        case "Product":
            return key.replace("-", " ")
    return ""


def _outcome(entries: Sequence[AuditEntry]) -> str:
    """How it ended: by the last event that ends something."""
    for entry in reversed(entries):
        if entry.kind in _OUTCOMES:
            return _OUTCOMES[entry.kind]
    kinds = {entry.kind for entry in entries}
    return "waiting" if kinds & {"command.awaiting", "command.confirmed", "command.reviewed"} else "noted"


def _reasons(body: Mapping[str, Any], judge: Judge) -> Iterator[Reason]:
    """The policies an event names. One that is no longer in force keeps its id and has no words."""
    for policy in body.get("policies") or ([body["policy"]] if body.get("policy") else []):
        yield Reason(str(policy), judge.says(str(policy)) or str(body.get("says") or ""))
