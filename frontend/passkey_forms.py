"""A passkey's answer out of a form: which browser it came from, and whether it steps its session up."""

from fastapi import Request
from starlette.responses import JSONResponse, Response

from auth.sign_in import passkey_ceremony
from auth.sign_in.ceremony import Refused, SteppedUp
from auth.sign_in.passkey_ceremony import PasskeyAsked
from auth.web.asking import token_of
from auth.web.browser_cookies import PASSKEY_COOKIE
from auth.web.cookies import give_session
from frontend.errors import CONFLICT
from frontend.house import house_of

WRONG_PASSKEY = "That passkey did not count: it is not one of yours here, or it took too long. Please try again."
NO_PASSKEY = "There is no passkey to ask for here. Please use another way."


def answer_asked(request: Request, asked: PasskeyAsked | Refused) -> Response:
    """What a script hands to the authenticator, and the cookie that ties the answer to this browser."""
    if isinstance(asked, Refused):
        problem = {"type": "about:blank", "title": "No passkey", "status": CONFLICT, "detail": NO_PASSKEY}
        return JSONResponse(problem, CONFLICT, media_type="application/problem+json")
    answer = JSONResponse(asked.options)
    PASSKEY_COOKIE.write(request, answer, asked.handle)
    return answer


def step_up_by_passkey(request: Request, answer: str) -> bool:
    """Show a passkey in the session of this request; whether it counted."""
    handle = PASSKEY_COOKIE.read(request)
    shown = passkey_ceremony.step_up_with_passkey(
        house_of(request).entrance, token=token_of(request), handle=handle, answer=answer
    )
    if isinstance(shown, SteppedUp):
        give_session(request, shown.token)
    return isinstance(shown, SteppedUp)
