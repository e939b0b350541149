"""A ticket stands for a first step that was right, until the second one is made: five minutes, one use, no session."""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType

from sqlalchemy.orm import Session

from auth.sign_in import one_time
from auth.sign_in.one_time import OneTimeToken, Purpose

# The first steps there are, and the ticket of each. "fed" is an identity elsewhere (no value of RFC 8176 says so).
TICKETS: Mapping[str, Purpose] = MappingProxyType({"pwd": Purpose.TICKET, "fed": Purpose.OUTSIDE_TICKET})


def find_ticket(session: Session, ticket: str, *, now: datetime) -> tuple[OneTimeToken | None, str]:
    """The row behind a ticket that is good, and the first step it stands for."""
    for method, purpose in TICKETS.items():
        row = one_time.find_token(session, ticket, purpose=purpose, now=now)
        if row is not None:
            return row, method
    return None, ""
