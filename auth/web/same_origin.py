"""A request that could change something must come from the shop's own pages. Decided before any session is read.

Browsers say where a request comes from in Sec-Fetch-Site (Fetch Metadata) and Origin (RFC 6454 §7), which a page can't
forge; so no token has to be carried in forms (OWASP Cross-Site Request Forgery Prevention, "Fetch Metadata headers").
"""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.web.answers import is_api, refusal
from auth.web.cookies import SessionCookie

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


class SameOrigin:
    """ASGI middleware. ``origins`` are the shop's own (``https://shop.example``), as configured and never as asked."""

    def __init__(self, app: ASGIApp, *, origins: Collection[str], cookie: SessionCookie) -> None:
        if not origins:
            raise ValueError("name at least one origin of the shop: without one no form could be sent")
        self.app = app
        self.origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self.cookie = cookie

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_safe = scope["type"] == "lifespan" or (scope["type"] == "http" and scope["method"] in _SAFE)
        # The door for software reads no cookie, so a page elsewhere has nothing to borrow there: a browser sends no
        # bearer token by itself.
        if is_safe or is_api(scope) or self._is_ours(Headers(scope=scope)):
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await self._refuse(scope, receive, send)

    def _is_ours(self, headers: Headers) -> bool:
        site, origin = headers.get("sec-fetch-site"), headers.get("origin")
        # (1) A browser that says "cross-site" or "same-site" is believed: a neighbouring subdomain is not the shop.
        # "none" is the person's own doing (address bar, bookmark) and can't be brought about by a page.
        if site is not None and site not in {"same-origin", "none"}:
            return False
        # (2) An origin that is named must be one of ours, even beside "same-origin": that header is relative to the
        # Host of the request, so an attacker's name that resolves to us passes it (DNS rebinding). "null" is not ours.
        if origin is not None:
            return origin.lower() in self.origins
        if site is not None:
            return True
        # (3) Neither header: no browser of today, so most likely a program with a token of its own. It may go on, but
        # not with a cookie, which is what an old browser would send along without being asked.
        return not _bears_cookie(headers, self.cookie.name)

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = refusal(
            scope,
            403,
            title="This request did not come from the shop's own page",
            sentence="Nothing was changed. Open the page here and send the form again.",
        )
        await response(scope, receive, send)


def _bears_cookie(headers: Headers, name: str) -> bool:
    names = (pair.partition("=")[0].strip() for line in headers.getlist("cookie") for pair in line.split(";"))
    return name in names
