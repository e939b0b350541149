"""Day or night: a cookie that says nothing about anybody."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.web.asking import door_of, safe_next
from frontend.errors import go_to
from frontend.pages.submitting import Text
from frontend.render import THEME_COOKIE, THEMES

router = APIRouter()

_A_YEAR_S = 31_536_000


@router.post("/theme")
def choose_theme(request: Request, theme: Text = "system", next: Text = "/") -> Response:
    answer, chosen = go_to(safe_next(next)), theme if theme in THEMES else "system"
    is_secure = door_of(request).cookie.is_secure
    answer.set_cookie(THEME_COOKIE, chosen, max_age=_A_YEAR_S, httponly=True, samesite="lax", secure=is_secure)
    return answer
