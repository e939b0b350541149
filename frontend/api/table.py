"""The table of operations: every door of the API, and which command each change submits. There is no other way in."""

from frontend.api import account, after_delivery, approvals, basket, catalogue, conversations, orders
from frontend.api.operations import Operation

OPERATIONS: tuple[Operation, ...] = (
    *catalogue.OPERATIONS,
    *basket.OPERATIONS,
    *orders.OPERATIONS,
    *after_delivery.OPERATIONS,
    *account.OPERATIONS,
    *approvals.OPERATIONS,
    *conversations.OPERATIONS,
)


def by_path(operations: tuple[Operation, ...] = OPERATIONS) -> dict[str, dict[str, Operation]]:
    """The operations of each path, by method. :class:`ValueError` for an entry that says too little or too much."""
    paths = dict[str, dict[str, Operation]]()
    for operation in operations:
        _check(operation)
        methods = paths.setdefault(operation.path, {})
        if operation.method in methods:
            raise ValueError(f"{operation.method} {operation.path} stands in the table twice")
        methods[operation.method] = operation
    if len({operation.name for operation in operations}) != len(operations):
        raise ValueError("two operations have one name")
    return paths


def named(name: str) -> Operation:
    """An operation by its name."""
    return next(operation for operation in OPERATIONS if operation.name == name)


def _check(operation: Operation) -> None:
    does = [operation.answer is not None, operation.is_change, operation.is_talk]
    if does.count(True) != 1:
        raise ValueError(f"{operation.name} is one of a look, a change and a talk")
    if operation.is_public and (operation.needs_key or operation.scopes):
        raise ValueError(f"{operation.name} changes something or takes leave, so it is not public")
    if (operation.method == "GET") == operation.needs_key:
        raise ValueError(f"{operation.name}: what changes nothing is a GET, and nothing else is")
    if operation.must_match and not operation.guards:
        raise ValueError(f"{operation.name} is held against a state, and does not say whose")
