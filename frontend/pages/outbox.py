"""The demo's outbox: the mails that would have been sent, in the open. Outside demo mode the page is not there."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.database import Scope
from auth.mail import WaitingMail, waiting_mail
from auth.web.asking import Visitor
from frontend.errors import not_here
from frontend.house import house_of
from frontend.render import render

router = APIRouter()

NEWEST = 50
_ADDRESS = re.compile(r"https?://[^\s<>\"']+")


@dataclass(frozen=True, slots=True)
class Letter:
    """A mail for the page. ``pieces`` are pairs of text and, for an address of this shop, the path it leads to."""

    to: str
    subject: str
    at: datetime
    pieces: tuple[tuple[str, str], ...]


@router.get("/demo/outbox")
def show_outbox(request: Request, actor: Visitor) -> Response:
    house = house_of(request)
    if house.demo is None:
        raise not_here()
    with house.database.read(Scope.house("demo: the visible outbox")) as session:
        letters = [_letter(mail, house.entrance.origin) for mail in waiting_mail(session, house.vault, limit=NEWEST)]
    return render(request, "outbox.html", actor=actor, letters=letters)


def _letter(waiting: WaitingMail, origin: str) -> Letter:
    mail = waiting.mail
    return Letter(mail.to, mail.subject, waiting.created_at, tuple(_pieces(mail.text, origin)))


def _pieces(text: str, origin: str) -> Iterator[tuple[str, str]]:
    """Text cut at addresses; only one that leads to this shop becomes a link, and then by its path alone."""
    end = 0
    for found in _ADDRESS.finditer(text):
        yield text[end : found.start()], ""
        address = found.group()
        yield address, address.removeprefix(origin) if address.startswith(f"{origin}/") else ""
        end = found.end()
    yield text[end:], ""
