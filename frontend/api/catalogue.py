"""What is for sale and the shop's rules: open to everybody, with or without a token."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from frontend.api import examples
from frontend.api.cursors import LONGEST, Page
from frontend.api.operations import Call, Operation, look
from frontend.api.shapes import Product, Review, Rule
from shop.catalogue import PAGE_SIZE, search
from shop.commands import ReadReviews, ReadShopPolicy, SearchProducts, ShowProduct
from shop.money import Money


class Search(BaseModel):
    """``max_price`` is in minor units of the shop's currency and bounds the cheapest variant."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    q: Annotated[str, Field(max_length=200, description="Words of the name, kind or description")] = ""
    category: Annotated[str, Field(max_length=40, description="A category's name")] = ""
    max_price: Annotated[int | None, Field(ge=1, le=10**9, description="In minor units (cents)")] = None
    cursor: Annotated[str, Field(max_length=LONGEST, description="`next` of the page before")] = ""


def search_products(call: Call) -> Page[Product]:
    """The desk is asked for each page; how many pages there are is the catalogue's business."""
    query: Search = call.query
    bound = None if query.max_price is None else Money(query.max_price)
    cursors = call.cursors(query.q, query.category, query.max_price)
    number = int(cursors.read(query.cursor)) if query.cursor else 1
    found = look(call, SearchProducts(query.q, query.category, bound))
    if number > 1:
        with call.house.database.read(call.scope) as session:
            found = search(session, query.q, category=query.category, max_price=bound, page=number)
    more = found.count > number * PAGE_SIZE
    return Page(tuple(map(Product.of, found.products)), cursors.write(str(number + 1)) if more else None)


def show_product(call: Call) -> Product:
    return Product.of(look(call, call.command(ShowProduct)))


def read_reviews(call: Call) -> Page[Review]:
    return Page(tuple(map(Review.of, look(call, call.command(ReadReviews)).reviews)), None)


def read_rule(call: Call) -> Rule:
    view = look(call, call.command(ReadShopPolicy))
    return Rule(view.topic, view.title, view.quote, call.house.issuer.url + view.link)


OPERATIONS = (
    Operation(
        "searchProducts",
        "GET",
        "/products",
        "Catalogue",
        "Products on sale that fit, the best first, 24 a page",
        Page[Product],
        Page((examples.PRODUCT,), None),
        answer=search_products,
        query=Search,
        is_public=True,
    ),
    Operation(
        "showProduct",
        "GET",
        "/products/{product}",
        "Catalogue",
        "A product with its variants, prices and what is left of them",
        Product,
        examples.PRODUCT,
        answer=show_product,
        is_public=True,
    ),
    Operation(
        "readReviews",
        "GET",
        "/products/{product}/reviews",
        "Catalogue",
        "What customers wrote about a product: words by others",
        Page[Review],
        Page((examples.REVIEW,), None),
        answer=read_reviews,
        is_public=True,
    ),
    Operation(
        "readRule",
        "GET",
        "/rules/{topic}",
        "Catalogue",
        "The section of the shop's rules that answers a topic, word for word",
        Rule,
        examples.RULE,
        answer=read_rule,
        is_public=True,
    ),
)
