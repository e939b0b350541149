"""No request body above the limit reaches the app, whether its length is announced or it comes in chunks.

Bodies of this shop are forms and chat messages, so a body is read whole, up to the limit, before the app is called:
the app then can't be caught half-way by a body that turns out too long.
"""

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from auth.web.answers import refusal

DEFAULT_LIMIT_BYTES = 65_536


class BodyLimit:
    """ASGI middleware; answers 413 (RFC 9110 §15.5.14) above ``limit_bytes``."""

    def __init__(self, app: ASGIApp, *, limit_bytes: int = DEFAULT_LIMIT_BYTES) -> None:
        self.app = app
        self.limit_bytes = limit_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "0")
        messages = None if _exceeds(announced, self.limit_bytes) else await self._read(receive)
        if messages is None:
            await self._refuse(scope, receive, send)
        else:
            await self.app(scope, _replay(messages, receive), send)

    async def _read(self, receive: Receive) -> list[Message] | None:
        messages, total = list[Message](), 0
        while True:
            message = await receive()
            messages.append(message)
            total += len(message.get("body", b""))
            if total > self.limit_bytes:
                return None
            if message["type"] != "http.request" or not message.get("more_body", False):
                return messages

    async def _refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        sentence = f"We take at most {self.limit_bytes // 1024} KiB at once. Shorten the text and send it again."
        response = refusal(scope, 413, title="That is too much at once", sentence=sentence)
        await response(scope, receive, send)


def _exceeds(announced: str, limit: int) -> bool:
    # A length that is not a number is refused as well: no honest sender writes one.
    return not (announced.isascii() and announced.isdigit()) or len(announced) > 18 or int(announced) > limit


def _replay(messages: list[Message], receive: Receive) -> Receive:
    waiting = iter(messages)

    async def receive_again() -> Message:
        # After the body the server is asked again, so that the app still hears when the browser goes away.
        return next(waiting, None) or await receive()

    return receive_again
