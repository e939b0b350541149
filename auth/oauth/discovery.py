"""What the shop says about itself to programs: RFC 8414, OpenID Connect Discovery and RFC 9728.

Nothing is promised here that the code does not do: what is absent from a list is refused by the endpoint.
"""

from typing import Any

from auth.oauth import exchange
from auth.oauth.issuer import (
    AUTHORIZE,
    INTROSPECT,
    JWKS,
    ONE_FACTOR,
    REVOKE,
    TOKEN,
    TWO_FACTOR,
    USERINFO,
    Issuer,
)
from auth.oauth.keys import ALGORITHM

_SECRETS = ["client_secret_basic", "client_secret_post"]


def server_metadata(issuer: Issuer) -> dict[str, Any]:
    """The authorization server's metadata (RFC 8414 §2)."""
    return {
        "issuer": issuer.url,
        "authorization_endpoint": issuer.url + AUTHORIZE,
        "token_endpoint": issuer.url + TOKEN,
        "revocation_endpoint": issuer.url + REVOKE,
        "introspection_endpoint": issuer.url + INTROSPECT,
        "jwks_uri": issuer.url + JWKS,
        "scopes_supported": list(issuer.scopes),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token", "client_credentials", exchange.GRANT],
        "token_endpoint_auth_methods_supported": [*_SECRETS, "none"],
        "revocation_endpoint_auth_methods_supported": [*_SECRETS, "none"],
        "introspection_endpoint_auth_methods_supported": list(_SECRETS),
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "protected_resources": list(issuer.audiences),
    }


def provider_metadata(issuer: Issuer) -> dict[str, Any]:
    """The same as an OpenID provider (OpenID Connect Discovery §3)."""
    return {
        **server_metadata(issuer),
        "userinfo_endpoint": issuer.url + USERINFO,
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": [ALGORITHM],
        "acr_values_supported": [ONE_FACTOR, TWO_FACTOR],
        "prompt_values_supported": ["none", "login", "consent"],
        "claims_supported": ["sub", "name", "email", "email_verified", "auth_time", "acr", "amr", "nonce", "at_hash"],
        "claims_parameter_supported": False,
        "request_parameter_supported": False,
        "request_uri_parameter_supported": False,
    }


def resource_metadata(issuer: Issuer, resource: str) -> dict[str, Any]:
    """A protected resource's metadata (RFC 9728 §2)."""
    return {
        "resource": resource,
        "authorization_servers": [issuer.url],
        "scopes_supported": [name for name in issuer.scopes if name not in {"openid", "offline_access"}],
        "bearer_methods_supported": ["header"],
        "resource_name": "The shop's API" if resource == issuer.api else "Who somebody is",
    }


def where_resource_metadata(issuer: Issuer, resource: str) -> str:
    """Where that is found: the well-known path goes between host and path (RFC 9728 §3.1)."""
    return f"{issuer.url}/.well-known/oauth-protected-resource{resource.removeprefix(issuer.url)}"
