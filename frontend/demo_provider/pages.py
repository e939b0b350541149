"""The demo's identity provider over HTTP: discovery, one page with its people, tokens, keys and the user endpoint.

OpenID Connect Core 1.0 and Discovery 1.0, OAuth 2.1 (PKCE S256 for everybody), RFC 9207 (``iss`` in each answer).
"""

import base64
import binascii
from pathlib import Path
from typing import Annotated
from urllib.parse import unquote, urlencode, urlsplit

from fastapi import FastAPI, Form, Header
from starlette.responses import FileResponse, JSONResponse, RedirectResponse, Response

from auth.web.hosts import KnownHosts
from frontend.demo_provider.people import PEOPLE
from frontend.demo_provider.provider import ALGORITHM, DemoProvider, Request
from frontend.errors import BAD_REQUEST, FORBIDDEN, SEE_OTHER, UNAUTHORIZED
from frontend.render import render_part

_STYLE = Path(__file__).parent / "style.css"
_Text = Annotated[str, Form()]
_NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


def demo_provider_app(provider: DemoProvider) -> FastAPI:
    """The app around a provider."""
    app = FastAPI(title="Demo identity provider", docs_url=None, redoc_url=None, openapi_url=None)
    # Its own name only, so that no other name that resolves to loopback (DNS rebinding) is served.
    app.add_middleware(KnownHosts, hosts=[urlsplit(provider.issuer).netloc])
    _add_documents(app, provider)
    _add_authorize(app, provider)
    _add_tokens(app, provider)
    return app


def _add_documents(app: FastAPI, provider: DemoProvider) -> None:
    issuer = provider.issuer

    @app.get("/.well-known/openid-configuration")
    def discovery() -> Response:
        return JSONResponse(
            {
                "issuer": issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "userinfo_endpoint": f"{issuer}/userinfo",
                "jwks_uri": f"{issuer}/keys",
                "response_types_supported": ["code"],
                "response_modes_supported": ["query"],
                "grant_types_supported": ["authorization_code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": [ALGORITHM],
                "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
                "code_challenge_methods_supported": ["S256"],
                "scopes_supported": ["openid", "email", "profile"],
                "claims_supported": ["sub", "name", "email", "email_verified"],
                "authorization_response_iss_parameter_supported": True,
            }
        )

    @app.get("/keys")
    def keys() -> Response:
        return JSONResponse({"keys": provider.published_keys()})

    @app.get("/style.css")
    def style() -> Response:
        return FileResponse(_STYLE, media_type="text/css")


def _add_authorize(app: FastAPI, provider: DemoProvider) -> None:
    @app.get("/authorize")
    def ask(
        client_id: str = "",
        redirect_uri: str = "",
        response_type: str = "",
        scope: str = "",
        state: str = "",
        nonce: str = "",
        code_challenge: str = "",
        code_challenge_method: str = "",
        prompt: str = "",
    ) -> Response:
        if not provider.knows(client_id, redirect_uri):
            return _page(provider, (), status=BAD_REQUEST)
        request = Request(client_id, redirect_uri, state, scope, code_challenge, nonce)
        wrong = _wrong_with(request, response_type=response_type, method=code_challenge_method, prompt=prompt)
        if wrong:
            return _back(provider, request, error=wrong)
        return _page(provider, PEOPLE, request=request)

    @app.post("/authorize")
    def decide(
        client_id: _Text = "",
        redirect_uri: _Text = "",
        scope: _Text = "",
        state: _Text = "",
        nonce: _Text = "",
        code_challenge: _Text = "",
        person: _Text = "",
        origin: Annotated[str, Header()] = "",
    ) -> Response:
        if not provider.knows(client_id, redirect_uri):
            return _page(provider, (), status=BAD_REQUEST)
        if origin != provider.issuer:
            # A page elsewhere could otherwise choose for the person who looks at it.
            return _page(provider, (), status=FORBIDDEN)
        request = Request(client_id, redirect_uri, state, scope, code_challenge, nonce)
        wrong = _wrong_with(request, response_type="code", method="S256", prompt="")
        chosen = provider.person(person)
        if wrong or chosen is None:
            return _back(provider, request, error=wrong or "access_denied")
        return _back(provider, request, code=provider.grant(request, chosen))


def _add_tokens(app: FastAPI, provider: DemoProvider) -> None:
    @app.post("/token")
    def token(
        grant_type: _Text = "",
        code: _Text = "",
        redirect_uri: _Text = "",
        code_verifier: _Text = "",
        client_id: _Text = "",
        client_secret: _Text = "",
        authorization: Annotated[str, Header()] = "",
    ) -> Response:
        given = _basic(authorization) if authorization else (client_id, client_secret)
        if not provider.is_client(*given):
            headers = {**_NO_STORE, "WWW-Authenticate": 'Basic realm="demo"'}
            return JSONResponse({"error": "invalid_client"}, UNAUTHORIZED, headers)
        if grant_type != "authorization_code":
            return JSONResponse({"error": "unsupported_grant_type"}, BAD_REQUEST, _NO_STORE)
        tokens = provider.redeem(code=code, redirect_uri=redirect_uri, verifier=code_verifier)
        if tokens is None:
            return JSONResponse({"error": "invalid_grant"}, BAD_REQUEST, _NO_STORE)
        return JSONResponse(tokens, headers=_NO_STORE)

    @app.get("/userinfo")
    def userinfo(authorization: Annotated[str, Header()] = "") -> Response:
        scheme, _, access_token = authorization.partition(" ")
        told = provider.user(access_token) if scheme.lower() == "bearer" else None
        if told is None:
            headers = {**_NO_STORE, "WWW-Authenticate": 'Bearer error="invalid_token"'}
            return JSONResponse({"error": "invalid_token"}, UNAUTHORIZED, headers)
        return JSONResponse(told, headers=_NO_STORE)


def _wrong_with(request: Request, *, response_type: str, method: str, prompt: str) -> str:
    """The error of RFC 6749 §4.1.2.1 or OpenID Connect Core §3.1.2.6 that a request deserves; empty for a good one."""
    if response_type != "code":
        return "unsupported_response_type"
    if "openid" not in request.scope.split():
        return "invalid_scope"
    if method != "S256" or len(request.challenge) != 43:
        return "invalid_request"
    # Nobody is ever signed in here: each time a person is chosen.
    return "login_required" if "none" in prompt.split() else ""


def _back(provider: DemoProvider, request: Request, *, code: str = "", error: str = "") -> Response:
    answer = {"code": code} if code else {"error": error}
    state = {"state": request.state} if request.state else {}
    joint = "&" if "?" in request.redirect_uri else "?"
    query = urlencode({**answer, **state, "iss": provider.issuer})
    return RedirectResponse(f"{request.redirect_uri}{joint}{query}", SEE_OTHER, _NO_STORE)


def _page(provider: DemoProvider, people: object, *, request: Request | None = None, status: int = 200) -> Response:
    shops = " ".join(sorted({"{0.scheme}://{0.netloc}".format(urlsplit(u)) for u in provider.client.redirect_uris}))
    page = render_part("demo_provider.html", status=status, people=people, asked=request)
    page.headers.update(_NO_STORE)
    page.headers["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'self'; form-action 'self' {shops}; frame-ancestors 'none'; base-uri 'none'"
    )
    page.headers["Referrer-Policy"] = "same-origin"
    page.headers["X-Content-Type-Options"] = "nosniff"
    return page


def _basic(authorization: str) -> tuple[str, str]:
    """Name and secret of HTTP Basic, as RFC 6749 §2.3.1 writes them; empty ones for anything else."""
    scheme, _, coded = authorization.partition(" ")
    try:
        text = base64.b64decode(coded, validate=True).decode()
    except (binascii.Error, ValueError):
        return "", ""
    name, colon, secret = text.partition(":")
    return (unquote(name), unquote(secret)) if scheme.lower() == "basic" and colon else ("", "")
