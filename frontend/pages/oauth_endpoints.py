"""The doors of the authorization server that only programs use: tokens, introspection, revocation, userinfo, discovery.

Who asks proves it in the request itself, with a program's credentials or with a bearer token; no cookie counts here.
"""

import json
from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.responses import Response

from auth.database import Scope
from auth.oauth.bearer import BearerRefused
from auth.oauth.discovery import provider_metadata, resource_metadata, server_metadata, where_resource_metadata
from auth.oauth.granting import Granted, grant_token
from auth.oauth.introspection import introspect, revoke
from auth.oauth.issuer import INTROSPECT, JWKS, REVOKE, TOKEN, USERINFO
from auth.oauth.refusals import INVALID_CLIENT, INVALID_REQUEST, OAuthRefused
from auth.oauth.userinfo import tell_who
from auth.web.asking import visit_of
from frontend.errors import OK, not_here
from frontend.house import house_of

router = APIRouter()

_FORM = "application/x-www-form-urlencoded"
_MOST_FIELDS = 30


async def _parameters(request: Request) -> list[tuple[str, str]]:
    """The fields of a form, each as often as it was sent; a field without a value counts as absent (RFC 6749 §3.2)."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != _FORM:
        return []
    async with request.form(max_fields=_MOST_FIELDS, max_files=0) as form:
        return [(name, value) for name, value in form.multi_items() if isinstance(value, str) and value]


def authorization_of(request: Request) -> str | None:
    """The Authorization header; two of them are as good as a wrong one."""
    given = request.headers.getlist("authorization")
    return given[0] if len(given) == 1 else "twice" if given else None


Parameters = Annotated[list[tuple[str, str]], Depends(_parameters)]
Authorization = Annotated[str | None, Depends(authorization_of)]


@router.post(TOKEN)
def give_token(request: Request, parameters: Parameters, authorization: Authorization) -> Response:
    match grant_token(house_of(request).issuer, authorization, parameters):
        case Granted(body=body):
            return _answer(body)
        case OAuthRefused() as refused:
            return _refusal(refused)


@router.post(INTROSPECT)
def tell_about_token(request: Request, parameters: Parameters, authorization: Authorization) -> Response:
    match _once(parameters):
        case OAuthRefused() as refused:
            return _refusal(refused)
        case form:
            told = introspect(house_of(request).issuer, authorization, form)
            return _refusal(told) if isinstance(told, OAuthRefused) else _answer(told)


@router.post(REVOKE)
def take_token_back(request: Request, parameters: Parameters, authorization: Authorization) -> Response:
    match _once(parameters):
        case OAuthRefused() as refused:
            return _refusal(refused)
        case form:
            refused_or_done = revoke(house_of(request).issuer, authorization, form)
            return _answer({}) if refused_or_done is None else _refusal(refused_or_done)


@router.get(USERINFO)
def tell_who_it_is(request: Request, authorization: Authorization) -> Response:
    return _userinfo(request, authorization)


@router.post(USERINFO)
def tell_who_it_is_by_post(request: Request, authorization: Authorization) -> Response:
    return _userinfo(request, authorization)


@router.get(JWKS)
def show_keys(request: Request) -> Response:
    issuer = house_of(request).issuer
    with issuer.database.read(Scope.own(None)) as session:
        keys = issuer.keys.jwks(session, issuer.clock())
    return _public(keys, "application/jwk-set+json")


@router.get("/.well-known/oauth-authorization-server")
def describe_server(request: Request) -> Response:
    return _public(server_metadata(house_of(request).issuer))


@router.get("/.well-known/openid-configuration")
def describe_provider(request: Request) -> Response:
    return _public(provider_metadata(house_of(request).issuer))


@router.get("/.well-known/oauth-protected-resource{path:path}")
def describe_resource(request: Request, path: str) -> Response:
    issuer = house_of(request).issuer
    if issuer.url + path not in issuer.audiences:
        raise not_here()
    return _public(resource_metadata(issuer, issuer.url + path))


def challenge(request: Request, refused: BearerRefused) -> dict[str, str]:
    """The header that tells a program what is missing, and where the resource describes itself."""
    issuer = house_of(request).issuer
    return {"WWW-Authenticate": refused.challenge(where_resource_metadata(issuer, refused.wanted.audience))}


def _userinfo(request: Request, authorization: str | None) -> Response:
    match tell_who(house_of(request).issuer, authorization, network=visit_of(request).network):
        case BearerRefused() as refused:
            body = {"error": refused.error, "error_description": refused.sentence}
            return _answer(body, refused.status, challenge(request, refused))
        case claims:
            return _answer(claims)


def _once(parameters: list[tuple[str, str]]) -> Mapping[str, str] | OAuthRefused:
    form = dict(parameters)
    return form if len(form) == len(parameters) else OAuthRefused(INVALID_REQUEST, "The request names something twice.")


def _refusal(refused: OAuthRefused) -> Response:
    body = {"error": refused.error, "error_description": refused.sentence}
    headers = {"WWW-Authenticate": 'Basic realm="the shop"'} if refused.error == INVALID_CLIENT else {}
    return _answer(body, refused.status, headers)


def _answer(body: Mapping[str, Any], status: int = OK, headers: Mapping[str, str] | None = None) -> Response:
    # Whoever answers from a cache would answer with a token, or with what was true before.
    told = {"Cache-Control": "no-store", "Pragma": "no-cache", **(headers or {})}
    return Response(json.dumps(body), status, told, "application/json")


def _public(body: Mapping[str, Any], kind: str = "application/json") -> Response:
    return Response(json.dumps(body), OK, {"Cache-Control": "public, max-age=300"}, kind)
