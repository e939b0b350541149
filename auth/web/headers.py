"""Headers on every answer: what a page of the shop may load, who may frame it, and who may keep a copy of it."""

import re

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.web.cookies import SessionCookie

# Everything is refused that is not named. There is no inline script or style, hence neither a nonce nor a hash.
_POLICY = (
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    "img-src 'self'",
    "font-src 'self'",
    "connect-src 'self'",
    "manifest-src 'self'",
    "form-action 'self'",
    "frame-ancestors 'none'",
    "base-uri 'none'",
)
_TWO_YEARS_S = 63_072_000
# Under these prefixes lie files and drawings that are the same for everybody.
PUBLIC_PREFIXES = ("/static/", "/art/")


_LEADS_TO = "countersign_form_leads_to"
_SOURCE = re.compile(r"[a-z][a-z0-9+.-]*:(//[A-Za-z0-9.:\[\]-]+)?")


def content_security_policy(*, is_secure: bool) -> str:
    """The policy (CSP level 3); on https it also turns forgotten http links into https."""
    return "; ".join((*_POLICY, "upgrade-insecure-requests") if is_secure else _POLICY)


def let_form_lead_to(request: HTTPConnection, source: str) -> None:
    """Let the forms of this one page lead on to a registered program: browsers hold a redirect after a form to
    ``form-action`` too. ValueError for what is no origin (``https://app.example``) or scheme (``com.example.app:``).
    """
    if _SOURCE.fullmatch(source) is None:
        raise ValueError("a form leads to an origin or to an app's own scheme")
    request.scope["state"][_LEADS_TO] = source


def security_headers(*, is_secure: bool) -> dict[str, str]:
    """The fixed headers, also for an answer that is made outside the middleware, such as the page for a crash."""
    fixed = {
        "Content-Security-Policy": content_security_policy(is_secure=is_secure),
        # "no-referrer" would turn the Origin of our own forms into "null".
        "Referrer-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), microphone=(), geolocation=(), payment=(), usb=(), browsing-topics=()",
        "X-Frame-Options": "DENY",
    }
    if is_secure:
        fixed["Strict-Transport-Security"] = f"max-age={_TWO_YEARS_S}; includeSubDomains"
    return fixed


class SecureHeaders:
    """ASGI middleware, the outermost, so that refusals carry the headers too."""

    def __init__(self, app: ASGIApp, *, cookie: SessionCookie) -> None:
        self.app = app
        self.cookie = cookie
        self.fixed = security_headers(is_secure=cookie.is_secure)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        # One dictionary for the whole request, which inner apps share.
        state = scope.setdefault("state", {})
        is_known = self.cookie.read(Headers(scope=scope)) is not None

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in self.fixed.items():
                    headers[name] = value
                if _LEADS_TO in state:
                    policy = self.fixed["Content-Security-Policy"]
                    own = "form-action 'self'"
                    headers["Content-Security-Policy"] = policy.replace(own, f"{own} {state[_LEADS_TO]}")
                is_public = scope["path"].startswith(PUBLIC_PREFIXES)
                if "set-cookie" in headers or (is_known and not is_public):
                    # A signed-in page must not be shown again from a cache, to the next person at this computer.
                    headers["Cache-Control"] = "no-store"
            await send(message)

        await self.app(scope, receive, send_with_headers)
