"""Which mails one gets: each topic with its choice, and why some always come."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.guard.commands import NotACommand
from auth.web.asking import Customer
from frontend.errors import not_here
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render
from shop.commands import ChangePreferences
from shop.preferences import preference_views

router = APIRouter(prefix="/account/preferences")


@router.get("")
def show_preferences(request: Request, actor: Customer) -> Response:
    with looking(request, actor) as session:
        found = preference_views(session, actor.account_id)
        return render(request, "account/preferences.html", actor=actor, session=session, preferences=found)


@router.post("")
def change_preference(
    request: Request, actor: Customer, topic: Text = "", on: Text = "", request_id: Text = ""
) -> Response:
    key = kept_id(request_id)
    match submit(request, actor, ChangePreferences, fields={"topic": topic, "on": on == "yes"}, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page="/account/preferences", request_id=key)
