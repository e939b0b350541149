"""What the shop knows about one: counted, as a file, and made unreadable. The last two take a fresh proof first."""

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import Done, Refused
from auth.keeping import written_as_json
from auth.web.asking import Customer, Visitor, ceiling
from auth.web.cookies import drop_session
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.house import house_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render
from shop.commands import DeleteAccount, ExportMyData
from shop.data_exports import open_export
from shop.privacy import PAGE, export_of, my_data

router = APIRouter()

_SURE = "Tick the box if you are sure."
_guarded = [Depends(ceiling("approvals"))]


@router.get(PAGE)
def show_privacy(request: Request, actor: Customer) -> Response:
    return _page(request, actor)


@router.post(f"{PAGE}/export", dependencies=_guarded)
def make_export(request: Request, actor: Customer, request_id: Text = "") -> Response:
    key = kept_id(request_id)
    outcome = house_of(request).desk.submit(actor, ExportMyData(), request_id=key)
    return way_on(outcome, page=PAGE, request_id=key)


@router.get(f"{PAGE}/my-data.json", dependencies=_guarded)
def fetch_export(request: Request, actor: Customer) -> Response:
    """The file, made at this moment from the records; without leave that still holds it is not there."""
    house, now = house_of(request), house_of(request).clock()
    with looking(request, actor) as session:
        if actor.account_id is None or open_export(session, actor.account_id, now) is None:
            raise not_here()
        content = export_of(session, house.vault, actor.account_id, kept=house.kept, now=now)
    headers = {"Content-Disposition": 'attachment; filename="my-data.json"', "Cache-Control": "no-store"}
    return Response(written_as_json(content), media_type="application/json", headers=headers)


@router.post(f"{PAGE}/delete", dependencies=_guarded)
def delete_account(
    request: Request, actor: Customer, sure: Text = "", reason: Text = "", request_id: Text = ""
) -> Response:
    key = kept_id(request_id)
    if sure != "yes":
        return _page(request, actor, UNPROCESSABLE, error=_SURE, reason=reason)
    match submit(request, actor, DeleteAccount, fields={"reason": reason}, request_id=key):
        case NotACommand(sentence=sentence):
            return _page(request, actor, UNPROCESSABLE, error=sentence, reason=reason)
        case Refused(kind="policy" | "limit", says=says) as refused:
            return _page(request, actor, status_of(refused), error=says, reason=reason)
        case Done():
            return farewell(request)
        case outcome:
            return way_on(outcome, page=PAGE, request_id=key)


@router.get("/goodbye")
def show_goodbye(request: Request, actor: Visitor) -> Response:
    return render(request, "goodbye.html", actor=actor)


def farewell(request: Request) -> Response:
    """On to the last page, without the cookie of a session that has ended."""
    drop_session(request)
    return go_to("/goodbye")


def _page(request: Request, actor: Actor, status: int = OK, *, error: str = "", reason: str = "") -> Response:
    house = house_of(request)
    if actor.account_id is None:
        raise not_here()
    with looking(request, actor) as session:
        return render(
            request,
            "account/privacy.html",
            actor=actor,
            session=session,
            status=status,
            data=my_data(session, actor.account_id, kept=house.kept),
            leave=open_export(session, actor.account_id, house.clock()),
            error=error,
            reason=reason[:500],
        )
