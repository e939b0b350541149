"""A repeated request gets the first answer: a double click, a reload and a retry change nothing twice."""

import hashlib
import json
from datetime import datetime
from uuid import UUID

from sqlalchemy import LargeBinary, String, Text, delete, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.database import Base, Owned, UtcDateTime
from auth.guard.commands import Command, action, arguments, canonical
from auth.guard.decisions import AwaitingApproval, Done, Need, Outcome, Pending, Refused


class Submission(Base, Owned):
    """One request id of one account, what it asked for (keyed by the id, so not guessable), and the answer."""

    __tablename__ = "submissions"

    id: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    digest: Mapped[bytes] = mapped_column(LargeBinary(32))
    action: Mapped[str] = mapped_column(String(64))
    outcome: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime] = mapped_column(UtcDateTime)


def queue_up(session: Session, account_id: UUID | None) -> None:
    """Let the transactions of one account come one after the other, until this one ends.

    On PostgreSQL two clicks at once would otherwise both find no first answer, and rows would be locked in two
    orders. On SQLite every changing transaction waits for the write lock anyway.
    """
    if account_id is not None and session.get_bind().dialect.name == "postgresql":
        number = int.from_bytes(hashlib.sha256(account_id.bytes).digest()[:8], "big", signed=True)
        session.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": number})


def submission_key(account_id: UUID, request_id: str) -> bytes:
    return hashlib.sha256(f"{account_id}\0{request_id}".encode()).digest()


def command_digest(command: Command, request_id: str) -> bytes:
    said = canonical({"action": action(command), "arguments": arguments(command), "request": request_id})
    return hashlib.sha256(said.encode()).digest()


def first_answer(session: Session, account_id: UUID, command: Command, request_id: str) -> Outcome | None:
    """The outcome this request had the first time; a different command under the same id is refused."""
    kept = session.get(Submission, submission_key(account_id, request_id))
    if kept is None:
        return None
    if kept.digest != command_digest(command, request_id):
        return Refused("invalid", "This request was already used for something else. Please start again.")
    return outcome_from_json(kept.outcome)


def keep_answer(
    session: Session, account_id: UUID, command: Command, request_id: str, *, outcome: Outcome, now: datetime
) -> None:
    """Write the first answer down, or replace *pending* by how it ended."""
    key = submission_key(account_id, request_id)
    kept = session.get(Submission, key)
    if kept is None:
        kept = Submission(id=key, account_id=account_id, action=action(command), at=now)
        kept.digest = command_digest(command, request_id)
        session.add(kept)
    kept.outcome = outcome_to_json(outcome)


def forget_answers(session: Session, *, before: datetime) -> None:
    """Forget first answers older than this: nobody clicks twice with weeks between."""
    session.execute(delete(Submission).where(Submission.at < before))


def outcome_to_json(outcome: Outcome) -> str:
    """An outcome without its view, which is never kept."""
    body: dict[str, object]
    match outcome:
        case Done():
            body = {
                "is": "done",
                "command": str(outcome.command_id),
                "says": outcome.says,
                "result": dict(outcome.result),
            }
        case Refused():
            command_id = None if outcome.command_id is None else str(outcome.command_id)
            body = {"is": "refused", "command": command_id, "says": outcome.says, "kind": outcome.kind}
            body |= {"policy": outcome.policy, "retry": outcome.retry_after_s}
        case AwaitingApproval():
            body = {"is": "awaiting", "command": str(outcome.command_id), "says": outcome.says}
            body |= {"approval": str(outcome.approval_id), "needs": sorted(outcome.needs), "replaced": outcome.replaced}
            body |= {"expires": outcome.expires_at.isoformat()}
        case Pending():
            body = {"is": "pending", "command": str(outcome.command_id), "says": outcome.says}
    return canonical(body)


def outcome_from_json(kept_text: str) -> Outcome:
    """The inverse of :func:`outcome_to_json`."""
    kept = json.loads(kept_text)
    command_id = UUID(kept["command"]) if kept["command"] else None
    match kept["is"], command_id:
        case "done", UUID():
            return Done(command_id, kept["says"], kept["result"])
        case "refused", _:
            return Refused(kept["kind"], kept["says"], kept["policy"], command_id, kept["retry"])
        case "awaiting", UUID():
            needs = frozenset(Need(n) for n in kept["needs"])
            expires = datetime.fromisoformat(kept["expires"])
            return AwaitingApproval(UUID(kept["approval"]), needs, expires, kept["says"], command_id, kept["replaced"])
        case "pending", UUID():
            return Pending(command_id, kept["says"])
    raise ValueError(f"no such outcome: {kept['is']!r}")
