"""Who somebody is, told to a program that was given leave to know it (OpenID Connect Core §5.3)."""

from typing import Any

from auth.accounts import find_account
from auth.database import Scope
from auth.oauth.bearer import Bearer, BearerRefused, Wanted, check_bearer
from auth.oauth.issuer import OPENID, Issuer


def tell_who(issuer: Issuer, authorization: str | None, *, network: str = "") -> dict[str, Any] | BearerRefused:
    """The claims that the token's scopes open: ``sub`` always, name and e-mail address where they were ticked."""
    match check_bearer(issuer, authorization, Wanted(issuer.userinfo, (OPENID,)), network=network):
        case BearerRefused() as refused:
            return refused
        case Bearer(actor=actor):
            scopes = actor.scopes or frozenset()
    if actor.account_id is None:
        return BearerRefused("invalid_token", "A service is nobody.", Wanted(issuer.userinfo, (OPENID,)))
    with issuer.database.read(Scope.own(actor.account_id)) as session:
        account = find_account(session, actor.account_id)
        claims: dict[str, Any] = {"sub": str(actor.account_id)}
        if account is not None and "profile" in scopes:
            claims["name"] = issuer.vault.open(session, account, "name")
        if account is not None and "email" in scopes:
            claims["email"] = issuer.vault.open(session, account, "email")
            claims["email_verified"] = account.email_verified_at is not None
    return claims
