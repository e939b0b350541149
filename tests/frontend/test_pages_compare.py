"""Products side by side on a page, and what is named beside a product, with the reason."""

import pytest

from tests.frontend.conftest import Browser, words


def test_two_products_stand_side_by_side(visitor: Browser) -> None:
    page = visitor.get("/compare?p=harbour-mug&p=quiet-lamp&p=flying-carpet")
    assert page.status_code == 200
    told = words(page.text)
    assert "Harbour Mug" in told and "€189.00" in told and "€19.90 the lowest here" in told
    assert "Not in the shop: flying-carpet." in told and 'href="/p/quiet-lamp"' in page.text


@pytest.mark.parametrize("query", ["", "?p=harbour-mug", "?p=harbour-mug&p=harbour-mug", "?p=a&p=b", "?p=%00&p=x"])
def test_less_than_two_products_is_no_page(visitor: Browser, query: str) -> None:
    assert visitor.get(f"/compare{query}").status_code == 404


def test_more_than_four_are_no_page_and_markup_stays_text(visitor: Browser) -> None:
    assert visitor.get("/compare?" + "&".join(f"p={n}" for n in range(9))).status_code == 404
    page = visitor.get("/compare?p=harbour-mug&p=quiet-lamp&p=%3Cb%3Ehi")
    assert "<b>hi" not in page.text and "&lt;b&gt;hi" in page.text
