"""Addresses, payment cards, and the record of what was done in the account."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from auth.oauth.connected import program_names
from frontend.api import examples
from frontend.api.cursors import LONGEST, Page
from frontend.api.operations import Call, Operation, look
from frontend.api.shapes import Activity, ActivityStep, Address, Changed, PaymentMethod, Reason
from shop import activity
from shop.commands import ListAddresses, ListPaymentMethods, RemoveAddress, SaveAddress

LIST = "listAddresses"
ADDRESSES = ("addresses",)


class Since(BaseModel):
    """Which part of the record."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


def list_addresses(call: Call) -> Page[Address]:
    found = look(call, ListAddresses()).addresses
    return Page(tuple(Address(view.handle, view.label, view.lines) for view in found), None)


def list_payment_methods(call: Call) -> Page[PaymentMethod]:
    return Page(tuple(map(PaymentMethod.of, look(call, ListPaymentMethods()).methods)), None)


def read_activity(call: Call) -> Page[Activity]:
    house, cursors, query = call.house, call.cursors(), call.query
    before = int(cursors.read(query.cursor)) if query.cursor else None
    with house.database.read(call.scope) as session:
        page = activity.read_activity(
            session,
            house.audit,
            house.desk.judge,
            account_id=call.account_id,
            names=program_names(session),
            before=before,
        )
    items = tuple(_told(found) for found in page.activities)
    return Page(items, None if page.older is None else cursors.write(str(page.older)))


def _told(found: activity.Activity) -> Activity:
    steps = (
        ActivityStep(
            step.at, step.kind, step.who, step.words, tuple(Reason(why.policy, why.says) for why in step.policies)
        )
        for step in found.steps
    )
    return Activity(found.title, found.about, found.at, found.who, found.channel, found.outcome, tuple(steps))


OPERATIONS = (
    Operation(
        LIST,
        "GET",
        "/addresses",
        "Account",
        "The customer's addresses",
        Page[Address],
        Page((examples.ADDRESS,), None),
        scopes=ADDRESSES,
        answer=list_addresses,
    ),
    Operation(
        "saveAddress",
        "POST",
        "/addresses",
        "Account",
        "Prepare a new address, or another one under the same label",
        Changed,
        examples.CHANGED,
        scopes=ADDRESSES,
        command=SaveAddress,
        sends={
            "label": "Office",
            "recipient": "Luca Brindlemoor",
            "street": "12 Quarry Wharf",
            "postcode": "D02 X285",
            "city": "Dublin",
            "country": "IE",
        },
        guards=LIST,
    ),
    Operation(
        "removeAddress",
        "DELETE",
        "/addresses/{address}",
        "Account",
        "Prepare removing an address",
        Changed,
        examples.CHANGED,
        scopes=ADDRESSES,
        command=RemoveAddress,
        guards=LIST,
        must_match=True,
    ),
    Operation(
        "listPaymentMethods",
        "GET",
        "/payment-methods",
        "Account",
        "The cards an order can be paid with, by brand and last four digits",
        Page[PaymentMethod],
        Page((examples.METHOD,), None),
        scopes=("orders:write",),
        answer=list_payment_methods,
    ),
    Operation(
        "readActivity",
        "GET",
        "/activity",
        "Account",
        "What was done in the account, by whom, through which door, and which rule decided; newest first",
        Page[Activity],
        Page((examples.ACTIVITY,), None),
        scopes=("activity",),
        answer=read_activity,
        query=Since,
    ),
)
