"""What the pages are handed: every object of the house, made once by :mod:`frontend.app`."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from fastapi import Request

from agent.assistant import Assistant
from auth.audit import AuditLog
from auth.database import Database
from auth.guard.desk import Desk
from auth.guard.rooms import RoomTable
from auth.keeping import Keeps
from auth.mail import Mailer
from auth.oauth.issuer import Issuer
from auth.sign_in.entrance import Entrance
from auth.sign_in.outside.way import Ways
from auth.vault import Vault
from shop.allowances import Allowances
from shop.demo import DemoMode
from shop.payments import PaymentGateway


@dataclass(frozen=True, slots=True)
class House:
    """``demo`` is ``None`` outside demo mode, and with it everything that only a demo may show. ``attacker``
    gives the assistant with the attacker for its model, in a demo and in staging; ``None`` in a real shop."""

    name: str
    database: Database
    vault: Vault
    desk: Desk
    rooms: RoomTable
    audit: AuditLog
    assistant: Assistant
    allowances: Allowances
    attacker: Callable[[], Assistant] | None
    entrance: Entrance
    ways: Ways
    issuer: Issuer
    kept: tuple[Keeps, ...]
    gateway: PaymentGateway
    mailer: Mailer | None
    clock: Callable[[], datetime]
    demo: DemoMode | None
    checkpoint: Callable[[], None]


def house_of(request: Request) -> House:
    """The house the request came to."""
    house = request.app.state.house
    if not isinstance(house, House):
        raise TypeError("app.state.house is set where the app is put together")
    return house
