"""The catalogue: front page, categories, search, products side by side, and one with what customers wrote about it."""

from typing import Annotated
from urllib.parse import urlencode

from fastapi import APIRouter, Depends, Query, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand, clean
from auth.guard.decisions import Done, Pending
from auth.web.asking import Customer, Visitor, ceiling
from frontend.errors import OK, UNPROCESSABLE, go_to, not_here, status_of
from frontend.pages.submitting import Text, kept_id, submit
from frontend.render import looking, new_request_id, render, tell_next
from shop.catalogue import CATEGORIES, PAGE_SIZE, find_product, product_view, products_in, search
from shop.commands import CompareProducts, WriteReview
from shop.money import Money, read_money
from shop.recommending import beside
from shop.reviews import can_review, reviews_of
from shop.views import Comparison, ProductView

router = APIRouter()

LONGEST_SEARCH = 120
_Sought = Annotated[str, Query()]


@router.get("/")
def front(request: Request, actor: Visitor) -> Response:
    with looking(request, actor) as session:
        aisles = [(slug, name, words, products_in(session, slug)) for slug, name, words in CATEGORIES]
        shelf = [product for *_, products in aisles for product in products if product.in_stock]
        liked = sorted(shelf, key=lambda p: (-p.rating_tenths * min(p.review_count, 5), p.name))
        return render(
            request,
            "shop/front.html",
            actor=actor,
            session=session,
            aisles=[(slug, name, words, products[0]) for slug, name, words, products in aisles if products],
            hero=_one_of_each(shelf, ("tent", "kettle", "wool_sweater")),
            liked=liked[:4],
            mended=_one_of_each(shelf, ("boots", "backpack", "mug"))[:1],
            small=[p for p in shelf if p.price <= Money(2500)][:4],
        )


@router.get("/c/{category}")
def category(request: Request, actor: Visitor, category: str) -> Response:
    found = next((c for c in CATEGORIES if c[0] == category), None)
    if found is None:
        raise not_here()
    with looking(request, actor) as session:
        products = products_in(session, category)
        return render(
            request,
            "shop/category.html",
            actor=actor,
            session=session,
            title=found[1],
            words=found[2],
            products=products,
        )


@router.get("/search", dependencies=[Depends(ceiling("search"))])
def show_search(
    request: Request,
    actor: Visitor,
    q: _Sought = "",
    category: _Sought = "",
    max_price: _Sought = "",
    page: _Sought = "",
) -> Response:
    words, errors = clean(q).strip()[:LONGEST_SEARCH], {}
    slug = category if category in {c[0] for c in CATEGORIES} else ""
    try:
        most = read_money(max_price[:40]) if max_price.strip() else None
    except ValueError as error:
        most, errors["max_price"] = None, str(error)
    number = int(page) if page.isascii() and page.isdigit() and len(page) < 6 else 1
    with looking(request, actor) as session:
        found = search(session, words, category=slug, max_price=most, page=number)
        pages = max(1, -(-found.count // PAGE_SIZE))
        asked = {"q": words, "category": slug, "max_price": max_price[:40]}
        return render(
            request,
            "shop/search.html",
            actor=actor,
            session=session,
            status=UNPROCESSABLE if errors else OK,
            search_words=words,
            asked=asked,
            errors=errors,
            found=found,
            page=min(max(number, 1), pages),
            pages=pages,
            href=f"/search?{urlencode({k: v for k, v in asked.items() if v})}&page=",
        )


@router.get("/compare")
def show_comparison(request: Request, actor: Visitor, p: Annotated[list[str] | None, Query()] = None) -> Response:
    """Two to four products side by side; ``p`` names each by its handle."""
    asked = {"products": list(dict.fromkeys(clean(name).strip() for name in (p or [])[:8]))}
    match submit(request, actor, CompareProducts, fields=asked, request_id=new_request_id()):
        case Done(view=Comparison() as found) if len(found.products) > 1:
            return render(request, "shop/compare.html", actor=actor, found=found, labels=_labels(found))
        case _:
            raise not_here()


@router.get("/p/{handle}")
def product(request: Request, actor: Visitor, handle: str, variant: _Sought = "") -> Response:
    return product_page(request, actor, handle, chosen=variant)


@router.post("/p/{handle}/reviews")
def write_review(
    request: Request, actor: Customer, handle: str, stars: Text = "", text: Text = "", request_id: Text = ""
) -> Response:
    key = kept_id(request_id)
    fields = {"product": handle, "stars": stars, "text": text}
    outcome = submit(request, actor, WriteReview, fields=fields, request_id=key)
    typed = {"stars": stars[:1], "text": text[:4000]}
    match outcome:
        case NotACommand(argument=argument, sentence=sentence):
            errors = {argument: "Choose one to five stars." if argument == "stars" else sentence}
            return product_page(request, actor, handle, status=UNPROCESSABLE, errors=errors, typed=typed)
        case Done() | Pending():
            return tell_next(go_to(f"/p/{handle}"), key)
        case refused:
            errors = {"text": refused.says}
            return product_page(request, actor, handle, status=status_of(refused), errors=errors, typed=typed)


def product_page(
    request: Request,
    actor: Actor,
    handle: str,
    *,
    chosen: str = "",
    status: int = OK,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
) -> Response:
    """A product's page, with what was typed into its forms and what is wrong with it."""
    with looking(request, actor) as session:
        found = find_product(session, handle)
        # A name that is merely close is a help in a conversation; an address is exact.
        if found is None or found.handle != handle:
            raise not_here()
        view = product_view(found)
        aisle = next((c for c in CATEGORIES if c[0] == view.category), ("", "", ""))
        alike, with_it = beside(session, view)
        return render(
            request,
            "shop/product.html",
            actor=actor,
            session=session,
            status=status,
            product=view,
            chosen=_chosen(view, chosen),
            aisle=aisle,
            reviews=reviews_of(session, found),
            may_review=can_review(session, actor.account_id, found),
            alike=alike,
            with_it=with_it,
            to_compare=urlencode([("p", h) for h in (view.handle, *(r.product.handle for r in alike[:3]))]),
            errors=errors or {},
            typed={"quantity": "1", "stars": "", "text": ""} | (typed or {}),
            page_hint=f"product:{view.handle}",
        )


def _labels(found: Comparison) -> list[str]:
    """The names of the figures that any of the products has, in the order they come."""
    return list(dict.fromkeys(label for product in found.products for label, _ in product.details))


def _chosen(view: ProductView, sku: str) -> object:
    """The variant that is shown: the one asked for, or else the first that is in stock."""
    exact = next((v for v in view.variants if v.sku.casefold() == sku.casefold()), None)
    return exact or next((v for v in view.variants if v.stock > 0), view.variants[0])


def _one_of_each(products: list[ProductView], kinds: tuple[str, ...]) -> list[ProductView]:
    """One product of each kind, where there is one; filled up with others, so that no place stays empty."""
    found = [p for kind in kinds for p in [q for q in products if q.kind == kind][:1]]
    return [*found, *(p for p in products if p not in found)][: len(kinds)]
