"""Reviews: customers' words about what they were sent, published without saying who wrote them.

The text is stored in the clear, because it is published. The author is known to the shop (one review a product and
account) and to nobody else: a review is signed with an initial. So this is no owned row, and ``author_id`` never
leaves this file.
"""

from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, String, Text, UniqueConstraint, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from auth.accounts import find_account
from auth.actor import Actor
from auth.database import Base, UtcDateTime, new_id
from auth.guard.commands import Effect, Json
from auth.guard.grants import Grant
from auth.guard.judge import Entity
from auth.guard.rooms import Facts, Room
from auth.vault import Vault
from shop.catalogue import Product, find_product
from shop.commands import ReadReviews, WriteReview
from shop.orders import DELIVERED, Order, OrderLine
from shop.views import ReviewList, ReviewView

UNSIGNED = "a customer"


class Review(Base):
    """One review. ``stars`` is 1 to 5; ``signed`` is the author's initial; a hidden one is not shown or counted."""

    __tablename__ = "reviews"
    __table_args__ = (
        UniqueConstraint("author_id", "product_id", name="one_review_a_product"),
        CheckConstraint("stars BETWEEN 1 AND 5", name="stars_one_to_five"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    product_id: Mapped[UUID] = mapped_column(ForeignKey("products.id", ondelete="CASCADE"), index=True)
    author_id: Mapped[UUID | None] = mapped_column(ForeignKey("accounts.id", ondelete="SET NULL"))
    signed: Mapped[str] = mapped_column(String(20), default=UNSIGNED)
    stars: Mapped[int]
    text: Mapped[str] = mapped_column(Text)
    hidden: Mapped[bool] = mapped_column(default=False)
    written_at: Mapped[datetime] = mapped_column(UtcDateTime)


def reviews_of(session: Session, product: Product, *, limit: int = 20) -> tuple[ReviewView, ...]:
    """What customers wrote about a product, newest first."""
    query = select(Review).where(Review.product_id == product.id, Review.hidden.is_(False))
    rows = session.scalars(query.order_by(Review.written_at.desc(), Review.id.desc()).limit(limit))
    return tuple(ReviewView(row.stars, row.text, row.written_at, row.signed) for row in rows)


def can_review(session: Session, account_id: UUID | None, product: Product) -> bool:
    """Whether this account was sent the product and has not reviewed it yet."""
    if account_id is None:
        return False
    delivered = (
        select(OrderLine.id)
        .join(Order, Order.id == OrderLine.order_id)
        .where(Order.account_id == account_id, Order.status == DELIVERED, OrderLine.product == product.handle)
    )
    return session.scalar(delivered.limit(1)) is not None and _own_review(session, account_id, product.id) is None


def sign(name: str) -> str:
    """How a review is signed: an initial, or *a customer* for a name that does not begin with a letter."""
    initial = name.strip()[:1]
    return f"{initial.upper()}." if initial.isalpha() else UNSIGNED


def review_rooms(vault: Vault) -> tuple[Room[Any], ...]:
    """The rooms of this file. Handlers take the time from their grant, so no clock is needed."""
    return (
        Room(ReadReviews, Effect.READ, _find, _facts, _read),
        Room(
            WriteReview,
            Effect.LIGHT,
            _find_locked,
            _facts,
            partial(_write, vault),
            verify=_is_written,
            says=lambda result: "Thank you. Your review is on the product's page.",
        ),
    )


def _find(session: Session, actor: Actor, command: ReadReviews | WriteReview) -> Product | None:
    return find_product(session, command.product)


def _find_locked(session: Session, actor: Actor, command: WriteReview) -> Product | None:
    found = find_product(session, command.product)
    if found is None:
        return None
    return session.scalar(select(Product).where(Product.id == found.id).with_for_update(of=Product))


def _facts(session: Session, actor: Actor, command: ReadReviews | WriteReview, product: Product) -> Facts:
    reviewable = can_review(session, actor.account_id, product)
    return Facts(Entity("Product", product.handle, {"on_sale": product.on_sale, "reviewable": reviewable}))


def _read(session: Session, grant: Grant[ReadReviews]) -> ReviewList:
    product = _the(session, grant.command.product)
    rating_tenths = round(10 * product.rating_sum / product.review_count) if product.review_count else 0
    return ReviewList(product.handle, product.name, rating_tenths, reviews_of(session, product))


def _write(vault: Vault, session: Session, grant: Grant[WriteReview]) -> dict[str, Json]:
    command, product = grant.command, _the(session, grant.command.product)
    account = find_account(session, grant.account_id)
    review = Review(
        id=new_id(grant.at),
        product_id=product.id,
        author_id=grant.account_id,
        signed=UNSIGNED if account is None else sign(vault.open(session, account, "name")),
        stars=command.stars,
        text=command.text,
        written_at=grant.at,
    )
    session.add(review)
    count_stars(session, product.id, command.stars)
    return {"review": str(review.id), "product": product.handle, "stars": command.stars}


def count_stars(session: Session, product_id: UUID, stars: int) -> None:
    """Add a review's stars to its product. The database adds, so that two reviews at once both count."""
    session.execute(
        update(Product)
        .where(Product.id == product_id)
        .values(rating_sum=Product.rating_sum + stars, review_count=Product.review_count + 1)
        .execution_options(synchronize_session=False)
    )


def _is_written(session: Session, grant: Grant[WriteReview], result: Any) -> bool:
    review = _own_review(session, grant.account_id, _the(session, grant.command.product).id)
    return review is not None and str(review.id) == result["review"]


def _own_review(session: Session, account_id: UUID, product_id: UUID) -> Review | None:
    return session.scalar(select(Review).where(Review.author_id == account_id, Review.product_id == product_id))


def _the(session: Session, product: str) -> Product:
    found = find_product(session, product)
    if found is None:
        raise LookupError("the product was there a moment ago, in the same transaction")
    return found
