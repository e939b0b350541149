"""The way to a provider and back: where to send a browser, and what the answer it brings proves.

No transaction is open while a provider is called. An answer counts in this order: the handshake of this browser, its
state, the provider's own name, once; only then is a code exchanged.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any
from uuid import UUID

import structlog

from auth.database import Scope
from auth.sign_in.address import cleaned, is_plausible, is_plausible_name
from auth.sign_in.entrance import Entrance
from auth.sign_in.noted import note
from auth.sign_in.outside import handshake as handshakes
from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.directory import Directory, Facts
from auth.sign_in.outside.handshake import Handshake, Proofs, Purpose
from auth.sign_in.outside.id_token import check_id_token, is_subject
from auth.sign_in.outside.identities import Identity
from auth.sign_in.outside.providers import Kind, Provider
from auth.sign_in.outside.trouble import OutsideTrouble, Trouble

log = structlog.get_logger(__name__)

# Answers of a person who said no, or of a provider that wanted something from them first (OpenID Connect §3.1.2.6).
_CANCELLED = frozenset({"access_denied", "login_required", "consent_required", "interaction_required"})
_SENT_ALONG = 2000


@dataclass(frozen=True, slots=True)
class Departure:
    """``url`` is where the browser goes; ``cookie`` is the handshake to keep in it meanwhile."""

    provider: Provider
    url: str
    cookie: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What the browser brought back in the address, as it stands there. Each part may be anything."""

    code: str = ""
    state: str = ""
    issuer: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True)
class Arrival:
    """A proved identity and the handshake it answers."""

    provider: Provider
    identity: Identity
    handshake: Handshake


@dataclass(frozen=True, slots=True)
class NoWay:
    """It did not work, and nothing was changed. ``provider`` is ``None`` where there is no such provider."""

    trouble: Trouble
    provider: Provider | None = None
    next_page: str = "/"


@dataclass(frozen=True, slots=True)
class Ways:
    """The ways of a shop: its providers by key, what is known of them, and how they are called."""

    entrance: Entrance
    providers: Mapping[str, Provider]
    calls: Calls
    directory: Directory

    @classmethod
    def to(cls, entrance: Entrance, providers: tuple[Provider, ...], calls: Calls) -> "Ways":
        by_key = MappingProxyType({provider.key: provider for provider in providers})
        return cls(entrance, by_key, calls, Directory(calls, entrance.clock))

    def redirect_uri(self, provider: Provider) -> str:
        """Where a provider sends the browser back to: one address for each, so that answers can't be mixed up."""
        return f"{self.entrance.origin}/sign-in/with/{provider.key}/back"

    def leave(
        self, provider: Provider, *, purpose: Purpose, session_id: UUID, next_page: str, token: str = ""
    ) -> Departure | NoWay:
        """Begin a handshake for this browser's session."""
        try:
            facts = self.directory.facts(provider)
        except OutsideTrouble as trouble:
            _log(provider, trouble)
            return NoWay(trouble.trouble, provider, next_page)
        begun = handshakes.begin(
            provider=provider.key,
            purpose=purpose,
            session_id=session_id,
            next_page=next_page,
            now=self.entrance.clock(),
            token=token,
        )
        secret = handshakes.proofs(self.entrance.vault, begun)
        client = self.calls.client(provider, redirect_uri=self.redirect_uri(provider))
        # A nonce is for an ID token, and GitHub has none.
        extra = {"nonce": secret.nonce} if provider.kind is Kind.OPENID else {}
        url, _ = client.create_authorization_url(
            facts.authorization_endpoint, state=secret.state, code_verifier=secret.verifier, **extra
        )
        return Departure(provider, url, handshakes.write(self.entrance.vault, begun))

    def come_back(self, key: str, *, cookie: str | None, answer: Answer, session_id: UUID | None) -> Arrival | NoWay:
        """What an answer proves. Every refusal after a genuine handshake is written into the audit log, once."""
        provider = self.providers.get(key)
        if provider is None:
            return NoWay(Trouble.NO_HANDSHAKE)
        found = handshakes.read(self.entrance.vault, cookie)
        # (1) This browser has left for this very provider. Anybody can bring an address; only it has the cookie.
        if found is None or found.provider != key:
            return NoWay(Trouble.NO_HANDSHAKE, provider)
        # (2) The answer is to its question.
        if not handshakes.is_answer(self.entrance.vault, found, answer.state):
            return NoWay(Trouble.MISMATCH, provider, found.next_page)
        if handshakes.has_ended(found, now=self.entrance.clock()):
            return NoWay(Trouble.EXPIRED, provider, found.next_page)
        # (3) It is the same session still, so that a handshake planted in another browser is of no use.
        if session_id is None or found.session != session_id.hex:
            return NoWay(Trouble.OTHER_SESSION, provider, found.next_page)
        # (4) Once. Used up before the code is, so that of two answers at the same moment one finds it used.
        if not self._spend(found):
            return NoWay(Trouble.USED, provider, found.next_page)
        try:
            return Arrival(provider, self._identity(provider, found, answer), found)
        except OutsideTrouble as trouble:
            _log(provider, trouble)
            self._note(provider, trouble)
            return NoWay(trouble.trouble, provider, found.next_page)

    def _identity(self, provider: Provider, found: Handshake, answer: Answer) -> Identity:
        facts = self.directory.facts(provider)
        # (5) The provider names itself where it has said it would, and never somebody else (RFC 9207 §2.4).
        if answer.issuer != facts.issuer and (answer.issuer or facts.names_itself):
            raise OutsideTrouble(Trouble.WRONG_ISSUER, "the answer names another issuer, or none")
        if answer.error:
            trouble = Trouble.CANCELLED if answer.error in _CANCELLED else Trouble.PROVIDER_ERROR
            raise OutsideTrouble(trouble, f"answer: {answer.error[:60]}")
        if not answer.code or len(answer.code) > _SENT_ALONG:
            raise OutsideTrouble(Trouble.PROVIDER_ERROR, "answer: no code")
        # (6) The code is worth something together with the verifier of this handshake only.
        secret = handshakes.proofs(self.entrance.vault, found)
        token = self.calls.redeem(
            provider,
            facts.token_endpoint,
            auth_method=facts.auth_method,
            redirect_uri=self.redirect_uri(provider),
            code=answer.code,
            verifier=secret.verifier,
        )
        if provider.kind is Kind.GITHUB:
            return self._of_github(provider, facts, token)
        return self._of_id_token(provider, facts, token, secret)

    def _of_id_token(self, provider: Provider, facts: Facts, token: Mapping[str, Any], secret: Proofs) -> Identity:
        claims = check_id_token(
            token.get("id_token"),
            find_key=lambda kid, algorithm: self.directory.key(provider, kid=kid, algorithm=algorithm),
            algorithms=facts.algorithms,
            issuer=facts.issuer,
            client_id=provider.client_id,
            nonce=secret.nonce,
            access_token=token.get("access_token"),
            now=self.entrance.clock(),
        )
        subject = str(claims["sub"])
        if "email" not in claims and facts.user_endpoint:
            told = self.calls.read_json(provider, facts.user_endpoint, bearer=_bearer(token))
            # OpenID Connect Core §5.3.4: what is said about another subject is not about this one.
            if not isinstance(told, dict) or told.get("sub") != subject:
                raise OutsideTrouble(Trouble.UNSOUND, "user endpoint: another subject")
            claims = {**told, **claims}
        return _identity_of(provider, subject, claims)

    def _of_github(self, provider: Provider, facts: Facts, token: Mapping[str, Any]) -> Identity:
        bearer = _bearer(token)
        user = self.calls.read_json(provider, f"{facts.user_endpoint}/user", bearer=bearer)
        addresses = self.calls.read_json(provider, f"{facts.user_endpoint}/user/emails", bearer=bearer)
        # The number stays when the login is renamed and given to somebody else.
        number = user.get("id") if isinstance(user, dict) else None
        if isinstance(number, bool) or not isinstance(number, int):
            raise OutsideTrouble(Trouble.UNSOUND, "user endpoint: no id")
        entries = [entry for entry in addresses if isinstance(entry, dict)] if isinstance(addresses, list) else []
        primary = next((entry for entry in entries if entry.get("primary") is True), {})
        claims = {
            "email": primary.get("email"),
            "email_verified": primary.get("verified"),
            "name": user.get("name") or user.get("login"),
        }
        return _identity_of(provider, str(number), claims)

    def _spend(self, found: Handshake) -> bool:
        with self.entrance.database.begin(Scope.own(None)) as session:
            return handshakes.spend(session, found)

    def _note(self, provider: Provider, trouble: OutsideTrouble) -> None:
        now, why = self.entrance.clock(), trouble.trouble.value
        with self.entrance.database.begin(Scope.own(None)) as session:
            note(session, "outside.refused", at=now, account_id=None, provider=provider.key, why=why)


def _log(provider: Provider, trouble: OutsideTrouble) -> None:
    # A person's no is nothing that an operator should look into.
    tell = log.info if trouble.trouble is Trouble.CANCELLED else log.warning
    tell("sign-in elsewhere failed", provider=provider.key, trouble=trouble.trouble.value, why=trouble.why)


def _bearer(token: Mapping[str, Any]) -> str:
    access_token, kind = token.get("access_token"), token.get("token_type", "bearer")
    is_text = isinstance(access_token, str) and access_token.isascii() and access_token.isprintable()
    if not is_text or not access_token or len(access_token) > 8192 or str(kind).lower() != "bearer":
        raise OutsideTrouble(Trouble.UNSOUND, "token: no bearer token")
    return str(access_token)


def _identity_of(provider: Provider, subject: str, claims: Mapping[str, Any]) -> Identity:
    if not is_subject(subject):
        raise OutsideTrouble(Trouble.UNSOUND, "no subject")
    email, name = claims.get("email"), claims.get("name")
    email = cleaned(email) if isinstance(email, str) else ""
    name = cleaned(name)[:100] if isinstance(name, str) else ""
    is_whole = is_plausible(email)
    return Identity(
        provider.key,
        provider.issuer.rstrip("/"),
        subject,
        email=email if is_whole else "",
        # Only the boolean counts: some say "false" in a text, which is true to a careless reader.
        is_address_proved=is_whole and claims.get("email_verified") is True,
        name=name if is_plausible_name(name) else "",
    )
