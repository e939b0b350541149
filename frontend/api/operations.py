"""One operation of the API: everything that is said about it once, for its door, for the document and for the page."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict

from auth.actor import Actor
from auth.database import Scope
from auth.guard.commands import C, Command
from auth.guard.decisions import AwaitingApproval, Done, Pending, Refused
from frontend.api.cursors import Cursors
from frontend.api.problems import Problem, refused
from frontend.api.reading import read_command
from frontend.house import House

NOTHING: Mapping[str, Any] = MappingProxyType({})


class NoQuery(BaseModel):
    """An operation without parameters in its address."""

    model_config = ConfigDict(extra="forbid", frozen=True)


@dataclass(frozen=True, slots=True)
class Operation:
    """``name`` is the operationId. ``path`` has its parameters named as the command's arguments are.

    A look has ``answer``, which makes an ``answers``. A change has the ``command`` it submits; what the path does not
    say comes from the body, and ``fixed`` from neither. ``guards`` names the look whose ETag the change is held
    against; with ``must_match`` it is not made without If-Match. ``check`` is asked before the desk is. A *talk* takes
    ``takes`` as its body.
    """

    name: str
    method: str
    path: str
    subject: str
    summary: str
    answers: Any
    example: object
    scopes: tuple[str, ...] = ()
    answer: "Callable[[Call], object] | None" = None
    command: type[Command] | None = None
    query: type[BaseModel] = NoQuery
    takes: type[BaseModel] | None = None
    sends: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    fixed: Mapping[str, Any] = field(default_factory=lambda: NOTHING)
    check: "Callable[[Call], None] | None" = None
    guards: str = ""
    must_match: bool = False
    is_public: bool = False

    @property
    def is_change(self) -> bool:
        return self.command is not None

    @property
    def is_talk(self) -> bool:
        return self.takes is not None

    @property
    def needs_key(self) -> bool:
        """Whether an Idempotency-Key must come with it."""
        return self.is_change or self.is_talk

    @property
    def path_arguments(self) -> tuple[str, ...]:
        return tuple(part[1:-1] for part in self.path.split("/") if part.startswith("{"))


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation: who asks, and what with. ``looks`` is the look that a change is held against."""

    request: Request
    house: House
    operation: Operation
    actor: Actor
    client_id: str
    path: Mapping[str, str]
    query: Any = None
    looks: Operation | None = None

    @property
    def may(self) -> frozenset[str]:
        """How far the customer's leave goes."""
        return self.actor.scopes or frozenset()

    @property
    def account_id(self) -> UUID:
        """The customer's account; operations that are not public have one."""
        if self.actor.account_id is None:
            raise Problem("no-customer", "This takes a customer's leave.")
        return self.actor.account_id

    @property
    def scope(self) -> Scope:
        """The customer's own rows, and nobody else's."""
        return Scope.own(self.actor.account_id)

    def command(self, kind: type[C], **more: object) -> C:
        """A command from the path's parameters, which are named as its arguments."""
        return read_command(kind, {**self.path, **more})

    def cursors(self, *filters: object) -> Cursors:
        """The cursors of this list, for this program and this customer."""
        parts = [self.operation.name, self.client_id, str(self.actor.account_id), *map(str, filters)]
        return Cursors(self.house.vault, "\0".join(f"{len(part)}:{part}" for part in parts))


def look(call: Call, command: Command) -> Any:
    """What a command that changes nothing shows; :class:`Problem` when the desk refuses."""
    match call.house.desk.submit(call.actor, command, request_id=""):
        case Done(view=view):
            return view
        case Refused() as no:
            raise refused(no)
        case AwaitingApproval() | Pending():
            raise Problem("broken", "A look does not wait for anybody.")
