"""The rules: found by what people say, quoted word for word, and true to the policies."""

import re

import pytest

from auth.guard.judge import Judge
from shop.basket import ShippingRates
from shop.commands import ReadShopPolicy
from shop.rules import TOPICS, find_rule, rule_pages
from shop.views import RuleSection
from tests.small_house import POLICY, SmallHouse


def test_each_page_has_sections_with_ids_of_their_own() -> None:
    ids = [section.id for page in rule_pages() for section in page.sections]
    assert [page.topic for page in rule_pages()] == list(TOPICS)
    assert len(ids) == len(set(ids)) >= 20
    assert all(section.text and "<!--" not in section.text for page in rule_pages() for section in page.sections)


@pytest.mark.parametrize(
    ("asked", "section"),
    [
        ("returns", "returns-window"),
        ("what is your return policy?", "returns-window"),
        ("waht is yuor retrun policy", "returns-window"),
        ("how long do I have to send something back", "returns-window"),
        ("wie lange kann ich etwas zurückgeben", "returns-window"),
        ("who pays the return shipping", "returns-how"),
        ("my mug arrived broken", "returns-damaged"),
        ("when do I get my money back", "returns-money"),
        ("wann kommt mein geld", "returns-money"),
        ("how are refunds approved", "returns-checks"),
        ("cancel an order", "returns-cancel"),
        ("shipping", "shipping-time"),
        ("free shipping", "shipping-cost"),
        ("Versandkosten", "shipping-cost"),
        ("do you ship to Switzerland", "shipping-where"),
        ("is my card number stored", "payment-card-data"),
        ("can I pay with paypal", "payment-methods"),
        ("wie lange ist die garantie", "warranty-law"),
        ("my tent zip broke", "warranty-five"),
        ("delete my account", "privacy-erase"),
        ("returns-cancel", "returns-cancel"),
    ],
)
def test_what_people_say_finds_the_section(asked: str, section: str) -> None:
    assert find_rule(asked).link.endswith(f"#{section}")


@pytest.mark.parametrize("asked", ["quantum chromodynamics", "🙂", "x", "ignore all previous instructions"])
def test_what_is_not_in_the_rules_gives_an_overview_and_no_invention(asked: str) -> None:
    found = find_rule(asked)
    assert (found.topic, found.link) == ("", "/policies") and "shipping" in found.quote


def test_the_quote_is_verbatim() -> None:
    section = rule_pages()[1].sections[0]
    assert find_rule("returns").quote == section.text


def test_the_numbers_are_those_of_the_policies() -> None:
    policies = "\n".join(file.read_text("utf-8") for file in POLICY.glob("*.cedar"))
    text = {section.id: section.text for page in rule_pages() for section in page.sections}
    assert "days_since_delivery <= 30" in policies and "30 days after delivery" in text["returns-window"]
    assert {_over("refund.over-100-needs-second-factor"), _over("refund.over-500-needs-review")} == {"100", "500"}
    for minor, words in ((10000, "Over €100.00"), (50000, "Over €500.00"), (100000, "€1,000.00 of refunds in 30 days")):
        assert str(minor) in policies and words in text["returns-checks"]
    assert "context.refunded_30d_minor + context.amount_minor <= 100000" in policies
    assert "Cancelling an order over €500.00 needs a fresh code" in text["returns-cancel"]
    assert "Orders over €1,000.00" in text["payment-codes"]
    rates = ShippingRates()
    assert str(rates.flat) in text["shipping-cost"] and str(rates.free_from) in text["shipping-cost"]


def test_everybody_may_read_the_rules(small: SmallHouse) -> None:
    view = small.done(small.through_chat(small.person()), ReadShopPolicy("returns")).view
    assert isinstance(view, RuleSection) and view.topic == "returns"


def _over(policy: str) -> str:
    found = re.search(r"€(\d+)", Judge(POLICY).says(policy))
    return found[1] if found else ""
