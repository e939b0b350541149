"""The document says all that the API does and nothing else; the page is written from it; Schemathesis agrees."""

import re
from dataclasses import replace

import jsonschema_rs
import pytest
import schemathesis
from fastapi import FastAPI

from auth.guard.commands import Effect, action
from frontend.api.document import document
from frontend.api.shapes import Changed
from frontend.api.table import OPERATIONS, by_path
from frontend.app import create_app
from shop.scopes import SHOP_SCOPES
from tests.building import Building
from tests.frontend.api.fuzzing import Fuzzing
from tests.programs import nobody


@pytest.fixture
def app(building: Building) -> FastAPI:
    return create_app(building.settings, building.house, chores=False)


def test_it_is_openapi_3_1_and_what_programs_fetch(building: Building, app: FastAPI) -> None:
    fetched = nobody(app).get("/openapi.json").json()
    assert fetched == document(building.house) and fetched["openapi"] == "3.1.0"
    schemathesis.openapi.from_dict(fetched).validate()
    assert sum(len(methods) for methods in fetched["paths"].values()) == len(OPERATIONS) > 35


def test_every_example_keeps_its_own_schema(building: Building) -> None:
    whole, looked = document(building.house), 0
    for methods in whole["paths"].values():
        for operation in methods.values():
            contents = [answer.get("content", {}) for answer in operation["responses"].values()]
            contents.append(operation.get("requestBody", {}).get("content", {}))
            for content in (media for media in contents for media in media.values() if "example" in media):
                schema = {**content["schema"], "components": whole["components"]}
                jsonschema_rs.Draft202012Validator(schema).validate(content["example"])
                looked += 1
    assert looked > 300


def test_what_a_scope_opens_is_what_its_operations_submit(building: Building) -> None:
    """A command that software may have leave for has an operation, or stands here with its reason."""
    in_person = {"RenameConversation", "DeleteConversation", "ExportConversation", "RateAnswer"}
    shown = {
        "listOrders": "ListOrders",
        "showOrder": "ShowOrder",
        "trackOrder": "TrackOrder",
        "showInvoice": "ShowInvoice",
    }
    shown |= {"listCases": "RefundStatus", "showCase": "ShowCase", "showBasket": "ShowBasket"}
    shown |= {"listAddresses": "ListAddresses", "listPaymentMethods": "ListPaymentMethods"}
    for scope, means in SHOP_SCOPES.items():
        operations = [operation for operation in OPERATIONS if scope in operation.scopes]
        submitted = {action(operation.command) for operation in operations if operation.command is not None}
        submitted |= {shown[operation.name] for operation in operations if operation.name in shown}
        assert submitted == means.actions - in_person, scope


def test_no_operation_signs_and_every_write_says_that_it_waits(building: Building) -> None:
    whole = document(building.house)
    for operation in OPERATIONS:
        told = whole["paths"][operation.path][operation.method.lower()]
        if operation.command is None:
            continue
        effect = building.house.rooms[operation.command].effect
        assert effect in (Effect.LIGHT, Effect.WRITE) and operation.answers is Changed
        assert ("202" in told["responses"]) == (effect is Effect.WRITE), operation.name
    assert {method for path, methods in by_path().items() if path.startswith("/approvals") for method in methods} == {
        "GET"
    }


def test_an_operation_that_says_too_little_keeps_the_app_from_opening(building: Building) -> None:
    (first, *_) = OPERATIONS
    for wrong in ((first, first), (replace(first, answer=None),), (replace(first, method="POST"),)):
        with pytest.raises(ValueError):
            by_path(wrong)


def test_the_page_has_every_operation_and_no_script_of_its_own(app: FastAPI, building: Building) -> None:
    answer = nobody(app).client.get("/api", headers={"Accept": "text/html"})
    assert answer.status_code == 200 and "default-src 'none'" in answer.headers["content-security-policy"]
    for operation in OPERATIONS:
        assert f'id="{operation.name}"' in answer.text and f"{operation.method} {operation.path}" in answer.text
    assert not re.search(r"<script(?![^>]*src=\"/static/)", answer.text) and "https://cdn" not in answer.text
    assert "$TOKEN" in answer.text and "RFC 9457" in answer.text


def test_nothing_comes_that_the_document_does_not_say(building: Building) -> None:
    fuzzing = Fuzzing.before(building)
    fuzzing.round(examples=3)
    met = {status for _, status in fuzzing.answered}
    assert {200, 202, 400, 404, 422} <= met and len({label for label, _ in fuzzing.answered}) == len(OPERATIONS)


def test_a_status_that_is_not_documented_is_noticed(building: Building) -> None:
    """The control of the test above: one answer less in the document, and it finds the one that comes."""
    fuzzing = Fuzzing.before(building)
    del fuzzing.schema.raw_schema["paths"]["/rules/{topic}"]["get"]["responses"]["200"]
    with pytest.raises(BaseException, match="(?i)undocumented|status code") as told:
        fuzzing.round(examples=3)
    assert "/rules/" in str(told.getrepr())
