"""A program says which one it is, at the token endpoint and its neighbours (OAuth 2.1 §2.4).

With its secret in the Authorization header or in the form, never in both and never in the address; a public program
with its id alone.
"""

import base64
import binascii
from collections.abc import Mapping
from urllib.parse import unquote_plus

from sqlalchemy.orm import Session

from auth.oauth.clients import Client, find_client, proves_itself
from auth.oauth.refusals import INVALID_CLIENT, INVALID_REQUEST, OAuthRefused

_NOT_KNOWN = OAuthRefused(INVALID_CLIENT, "No such program, or not its secret.")


def prove_client(session: Session, authorization: str | None, form: Mapping[str, str]) -> Client | OAuthRefused:
    """The program behind a request. An unknown one and a wrong secret look the same."""
    in_header = None if authorization is None else _basic(authorization)
    if authorization is not None and in_header is None:
        return _NOT_KNOWN
    if in_header is not None and ("client_secret" in form or form.get("client_id", in_header[0]) != in_header[0]):
        return OAuthRefused(INVALID_REQUEST, "Say once which program you are: in the header or in the form.")
    client_id, secret = in_header or (form.get("client_id", ""), form.get("client_secret"))
    client = find_client(session, client_id)
    return client if client is not None and proves_itself(client, secret) else _NOT_KNOWN


def _basic(header: str) -> tuple[str, str] | None:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return None
    try:
        name, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    # RFC 6749 §2.3.1: both parts are form-encoded before they are joined.
    return (unquote_plus(name), unquote_plus(secret)) if colon else None
