"""Who calls: a program with a bearer token, and the customer it acts for. No cookie and no other header says it."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request

from auth.actor import Actor, Channel, Role
from auth.oauth.bearer import Bearer, BearerRefused, Wanted, check_bearer
from auth.web.asking import door_of, visit_of
from auth.web.limits import CeilingReached
from frontend.api.operations import Operation
from frontend.api.problems import Problem
from frontend.house import house_of
from frontend.pages.oauth_endpoints import authorization_of, challenge


@dataclass(frozen=True, slots=True)
class Caller:
    """``client_id`` is empty for a call without a token, which only public operations take."""

    operation: Operation
    actor: Actor
    client_id: str = ""


class Asks:
    """A dependency: the caller of one of these operations (by method), with a token that covers it, within bounds."""

    def __init__(self, operations: Mapping[str, Operation]) -> None:
        self.operations = operations

    @property
    def is_open(self) -> bool:
        """Whether it lets somebody in without a token."""
        return any(operation.is_public for operation in self.operations.values())

    def __call__(self, request: Request) -> Caller:
        operation = self.operations[request.method]
        given, network = authorization_of(request), visit_of(request).network
        if given is None and operation.is_public:
            caller = Caller(operation, Actor(None, Role.GUEST, Channel.API, network=network))
        else:
            caller = _with_token(request, operation, given, network)
        _within_bounds(request, network, caller)
        return caller


def _with_token(request: Request, operation: Operation, given: str | None, network: str) -> Caller:
    issuer = house_of(request).issuer
    match check_bearer(issuer, given, Wanted(issuer.api, operation.scopes), network=network):
        case BearerRefused() as no:
            # Guessing tokens counts for the network; a good token counts for its program and customer.
            _within_bounds(request, network)
            raise _refusal(request, no)
        case Bearer(actor=actor, client_id=client_id):
            if not operation.is_public and (actor.account_id is None or actor.role is not Role.CUSTOMER):
                raise Problem("no-customer", "This token is for no customer. Ask one for leave, with the code flow.")
            return Caller(operation, actor, client_id)


def _refusal(request: Request, no: BearerRefused) -> Problem:
    kind = "scope" if no.error == "insufficient_scope" else "token"
    more = {"scope": " ".join(no.wanted.scopes)} if kind == "scope" else {}
    return Problem(kind, no.sentence, headers=challenge(request, no), **more)


def _within_bounds(request: Request, network: str, caller: Caller | None = None) -> None:
    """Count the call under the ceilings of this door. :class:`CeilingReached` above them."""
    names, key = ["api"], network
    if caller is not None and caller.client_id:
        key = f"{caller.client_id} for {caller.actor.account_id}"
        names += ["api_write"] if caller.operation.needs_key else []
    for name in names:
        wait = door_of(request).ceilings.count(name, key)
        if wait is not None:
            raise CeilingReached(wait)
