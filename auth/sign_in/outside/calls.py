"""Calls to providers, bounded on every side: where they may go, how long they may take, how much may come back.

A provider is somebody else's server, and its discovery document chooses the addresses. So each request is looked at
where it leaves (OWASP ASVS 5.0 §1.3.6, SSRF): https, or the provider's own origin on loopback; no redirect is followed.
"""

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx2
from authlib.integrations.base_client import OAuthError  # type: ignore[import-untyped]
from authlib.integrations.httpx_client import OAuth2Client  # type: ignore[import-untyped]
from joserfc.errors import JoseError

from auth.sign_in.outside.providers import Provider
from auth.sign_in.outside.trouble import OutsideTrouble, Trouble

MOST_BYTES = 256 * 1024
CONNECT_S, READ_S, WHOLE_S = 3.0, 5.0, 10.0
CALLER = "Countersign"


@dataclass(frozen=True, slots=True)
class Calls:
    """Makes clients. ``transport`` carries the requests: over the network, or to a provider in this process.

    ``whole_s`` is how many seconds an answer may take from the first byte to the last.
    """

    transport: httpx2.BaseTransport
    whole_s: float = WHOLE_S

    @classmethod
    def over_the_network(cls) -> "Calls":
        # The system's certificates; neither a proxy nor a .netrc of the environment changes where secrets are sent.
        return cls(httpx2.HTTPTransport(verify=ssl.create_default_context(), trust_env=False))

    def client(self, provider: Provider, *, redirect_uri: str = "", auth_method: str = "") -> OAuth2Client:
        """Authlib's client for this provider; it has no token yet."""
        return OAuth2Client(
            client_id=provider.client_id,
            client_secret=provider.client_secret or None,
            token_endpoint_auth_method=auth_method or None,
            scope=provider.scope,
            redirect_uri=redirect_uri,
            code_challenge_method="S256",
            transport=Bounded(self.transport, provider, self.whole_s),
            timeout=httpx2.Timeout(READ_S, connect=CONNECT_S),
            follow_redirects=False,
            trust_env=False,
            headers={"User-Agent": CALLER, "Accept": "application/json", "Accept-Encoding": "identity"},
        )

    def read_json(self, provider: Provider, url: str, *, bearer: str = "") -> Any:
        """What stands at ``url``, as JSON. :class:`OutsideTrouble` when it is not there or is no JSON."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        client = self.client(provider)
        try:
            answer = client.request("GET", url, withhold_token=True, headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            raise OutsideTrouble(Trouble.PROVIDER_DOWN, f"GET: {type(error).__name__}") from error
        if answer.status_code != 200:
            raise OutsideTrouble(Trouble.PROVIDER_DOWN, f"GET: status {answer.status_code}")
        try:
            return json.loads(answer.content)
        except ValueError as error:
            raise OutsideTrouble(Trouble.PROVIDER_DOWN, "GET: no JSON") from error

    def redeem(
        self, provider: Provider, url: str, *, auth_method: str, redirect_uri: str, code: str, verifier: str
    ) -> Mapping[str, Any]:
        """Exchange a code for tokens (RFC 6749 §4.1.3, RFC 7636 §4.5)."""
        client = self.client(provider, redirect_uri=redirect_uri, auth_method=auth_method)
        try:
            token = client.fetch_token(
                url,
                grant_type="authorization_code",
                code=code,
                redirect_uri=redirect_uri,
                code_verifier=verifier,
            )
        except OAuthError as error:
            raise OutsideTrouble(Trouble.PROVIDER_ERROR, f"token: {str(error.error)[:60]}") from error
        except (httpx2.HTTPError, httpx2.InvalidURL, JoseError, ValueError) as error:
            raise OutsideTrouble(Trouble.PROVIDER_DOWN, f"token: {type(error).__name__}") from error
        return dict(token)


class Bounded(httpx2.BaseTransport):
    """Looks at every request before it leaves and reads every answer to its end, or refuses it."""

    def __init__(self, inner: httpx2.BaseTransport, provider: Provider, whole_s: float) -> None:
        self._inner, self._whole_s = inner, whole_s
        self._own = httpx2.URL(provider.issuer)
        self._is_plain = provider.is_plain

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        self._check(request.url)
        gives_up_at = time.monotonic() + self._whole_s
        answer = self._inner.handle_request(request)
        try:
            if answer.headers.get("content-encoding", "identity") != "identity":
                # Nothing packed was asked for, and a few packed bytes can become gigabytes.
                raise httpx2.DecodingError("packed", request=request)
            content = self._read(request, answer, gives_up_at)
        finally:
            answer.close()
        headers = [(n, v) for n, v in answer.headers.raw if n.lower() not in {b"content-length", b"transfer-encoding"}]
        return httpx2.Response(answer.status_code, headers=headers, content=content, request=request)

    def _check(self, url: httpx2.URL) -> None:
        if url.userinfo:
            raise httpx2.UnsupportedProtocol("an address with a name and a password in it")
        if url.scheme == "https":
            return
        if not (self._is_plain and (url.scheme, url.host, url.port) == self._origin()):
            raise httpx2.UnsupportedProtocol("a provider is asked over https")

    def _origin(self) -> tuple[str, str, int | None]:
        return self._own.scheme, self._own.host, self._own.port

    def _read(self, request: httpx2.Request, answer: httpx2.Response, gives_up_at: float) -> bytes:
        if not isinstance(answer.stream, httpx2.SyncByteStream):
            raise httpx2.ReadError("no stream", request=request)
        parts, size = list[bytes](), 0
        for part in answer.stream:
            size += len(part)
            if size > MOST_BYTES:
                raise httpx2.ReadError("too long", request=request)
            if time.monotonic() > gives_up_at:
                raise httpx2.ReadTimeout("too slow", request=request)
            parts.append(part)
        return b"".join(parts)
