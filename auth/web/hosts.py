"""Only the shop's own names are served: a request for another Host is refused before anything else is looked at."""

from collections.abc import Collection

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from auth.web.answers import refusal


class KnownHosts:
    """ASGI middleware. ``hosts`` are names with their port where it is not the scheme's own (``localhost:8000``)."""

    def __init__(self, app: ASGIApp, *, hosts: Collection[str]) -> None:
        if not hosts:
            raise ValueError("name at least one host of the shop")
        self.app = app
        self.hosts = frozenset(host.lower() for host in hosts)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self.app(scope, receive, send)
            return
        asked = Headers(scope=scope).getlist("host")
        # One Host header, and one of ours: this is also what stops DNS rebinding against a demo on loopback.
        if len(asked) == 1 and asked[0].lower() in self.hosts:
            await self.app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            sentence = "The shop is not served under this address. Check the address you typed."
            # RFC 9110 §15.5.20: misdirected request.
            await refusal(scope, 421, title="Unknown address", sentence=sentence)(scope, receive, send)
