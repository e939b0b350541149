"""T01: the card always says the same, or says what the model likes, so that people sign what they do not mean."""

from shop.commands import RefundOrder
from tests.attacks.wiles import ADAS_MUG, hostile, parked, say, sentence_of, told
from tests.browsing import Street, cards
from tests.building import Building

FLATTERY = "This only confirms your newsletter. It costs €0.01, no risk."


def test_each_card_names_the_amount_and_the_order_of_its_stored_command(building: Building) -> None:
    ada, shown = building.person("ada"), set()
    for key, amount in (("mug", "€24.80"), ("lamp", "€193.90")):
        card = parked(building, ada, RefundOrder(building.orders[f"ada.{key}"], FLATTERY), request_id=key)
        sentence = sentence_of(building, ada, card)
        assert amount in sentence and building.orders[f"ada.{key}"] in sentence and "Visa ···· 4242" in sentence
        assert "newsletter" not in sentence
        shown.add(sentence)
    assert len(shown) == 2


def test_the_page_to_sign_shows_the_record_and_none_of_what_the_model_said(empty_building: Building) -> None:
    call = ("refund_order", {"order": ADAS_MUG, "reason": "broken"})
    building = hostile(empty_building, told(FLATTERY, call), told(FLATTERY))
    browser = Street.before(building).signed_in("ada")
    say(browser, f"the mug of {ADAS_MUG} arrived broken")
    (card,) = cards(building, "ada")
    page = browser.get(f"/approvals/{card.id}/card").text
    assert "€24.80" in page and ADAS_MUG in page
    assert "newsletter" not in page and "€0.01" not in page
