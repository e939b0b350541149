"""What the judge may answer, and what the desk may answer: plain values, to be matched."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from auth.guard.commands import Json


class Need(StrEnum):
    """What a permit may still want before it counts; a policy names it in ``@needs``."""

    CONFIRMATION = "confirmation"
    SECOND_FACTOR = "second_factor"
    REVIEW = "review"


@dataclass(frozen=True, slots=True)
class Reason:
    """A policy that decided, by its ``@id``, and what it ``@says`` to the person."""

    policy: str
    says: str


@dataclass(frozen=True, slots=True)
class Allowed:
    """The policies permit it, now."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Missing:
    """The policies would permit it, once these needs are met."""

    needs: frozenset[Need]
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Denied:
    """The policies do not permit it, whatever anyone confirms."""

    reasons: tuple[Reason, ...]


Decision = Allowed | Missing | Denied


@dataclass(frozen=True, slots=True)
class Done:
    """Carried out and verified. ``says`` is the shop's own sentence, ``result`` holds references and numbers."""

    command_id: UUID
    says: str
    result: Mapping[str, Json] = field(default_factory=dict)
    view: object = None


@dataclass(frozen=True, slots=True)
class Refused:
    """Not carried out, and nothing changed. ``kind`` is one of ``policy``, ``not_found``, ``limit``, ``invalid``,
    ``expired``, ``changed``, ``declined`` (by the person), ``withdrawn`` (by the one who
    asked), ``reviewer`` (by a clerk), ``gateway``, ``failed``."""

    kind: str
    says: str
    policy: str = ""
    command_id: UUID | None = None
    retry_after_s: int = 0


@dataclass(frozen=True, slots=True)
class AwaitingApproval:
    """Parked: nothing has changed. The card is rendered from the stored command ``approval_id`` names."""

    approval_id: UUID
    needs: frozenset[Need]
    expires_at: datetime
    says: str
    command_id: UUID
    replaced: bool = False


@dataclass(frozen=True, slots=True)
class Pending:
    """The outside world was asked and has not answered; the recovery job settles it with the same key."""

    command_id: UUID
    says: str


Outcome = Done | Refused | AwaitingApproval | Pending
