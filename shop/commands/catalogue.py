"""Looking at what is for sale, and saying what one thinks of it."""

from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import Field, StringConstraints

from shop.commands.kinds import Handle, Words
from shop.money import Money


@dataclass(frozen=True, slots=True)
class SearchProducts:
    """Products whose name, kind or description fits. ``max_price`` bounds the cheapest variant."""

    version: ClassVar[int] = 1
    query: Annotated[str, StringConstraints(max_length=200)] = ""
    category: Annotated[str, StringConstraints(max_length=40)] = ""
    max_price: Money | None = None


@dataclass(frozen=True, slots=True)
class ShowProduct:
    """A product with its variants, prices and stock. ``product`` is a handle or a name."""

    version: ClassVar[int] = 1
    product: Handle


@dataclass(frozen=True, slots=True)
class CompareProducts:
    """Two to four products side by side. Each is a handle or a name; one that is not there is told, not guessed."""

    version: ClassVar[int] = 1
    products: Annotated[tuple[Handle, ...], Field(min_length=2, max_length=4)]


@dataclass(frozen=True, slots=True)
class RecommendProducts:
    """A few products that fit, each with its reason. ``like`` is the handle or name of one that is liked already."""

    version: ClassVar[int] = 1
    query: Annotated[str, StringConstraints(max_length=200)] = ""
    like: Annotated[str, StringConstraints(max_length=80)] = ""
    category: Annotated[str, StringConstraints(max_length=40)] = ""
    max_price: Money | None = None


@dataclass(frozen=True, slots=True)
class ReadReviews:
    """What customers wrote about a product: other people's words, fenced before a model sees them."""

    version: ClassVar[int] = 1
    product: Handle


@dataclass(frozen=True, slots=True)
class WriteReview:
    """Review a product that one has been sent, once. ``stars`` is 1 to 5."""

    version: ClassVar[int] = 1
    product: Handle
    stars: Annotated[int, Field(ge=1, le=5)]
    text: Words


@dataclass(frozen=True, slots=True)
class ReadShopPolicy:
    """A section of the shop's own rules, word for word."""

    version: ClassVar[int] = 1
    topic: Annotated[str, StringConstraints(min_length=1, max_length=60)]
