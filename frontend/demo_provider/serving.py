"""The demo's identity provider beside the shop: a thread of its own, on the other loopback name, ending with the shop.

The shop is ``localhost`` and this is ``127.0.0.1``, because cookies ignore ports: two services on one name share them.
"""

import contextlib
import secrets
import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import uvicorn

from frontend.demo_provider.pages import demo_provider_app
from frontend.demo_provider.provider import KEY, Client, DemoProvider
from shop.demo import DemoMode

HOST = "127.0.0.1"


def demo_provider_at(port: int, demo: DemoMode, *, shop_origin: str, clock: Callable[[], datetime]) -> DemoProvider:
    """A provider that knows this shop, by a secret that is made anew each time."""
    client = Client("demo-shop", secrets.token_urlsafe(32), (f"{shop_origin}/sign-in/with/{KEY}/back",))
    return DemoProvider(demo, issuer=f"http://{HOST}:{port}", client=client, clock=clock)


def listen_beside(port: int) -> socket.socket:
    """A socket on the port after the shop's, or on any free one."""
    for wanted in (port + 1, 0):
        with contextlib.suppress(OSError, OverflowError):
            return socket.create_server((HOST, wanted), backlog=64)
    raise OSError("no free port on loopback")


@contextlib.contextmanager
def served_beside(provider: DemoProvider, listening: socket.socket) -> Iterator[None]:
    """Serve the provider until the block ends."""
    config = uvicorn.Config(
        demo_provider_app(provider),
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
        timeout_graceful_shutdown=1,
    )
    server = uvicorn.Server(config)
    run = {"sockets": [listening]}
    thread = threading.Thread(target=server.run, kwargs=run, name="demo identity provider", daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.should_exit = True
        thread.join(timeout=5)
        listening.close()
