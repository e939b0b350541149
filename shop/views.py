"""What rooms show: frozen values made from records. Pages, cards and the assistant's tools all read these."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from shop.money import Money

_STATUS_WORDS: Mapping[str, str] = MappingProxyType(
    {
        "paid": "being packed",
        "shipped": "on its way",
        "placing": "waiting for payment",
        "failed": "not paid",
        "cancelling": "being cancelled",
        "changing": "being changed",
    }
)


@dataclass(frozen=True, slots=True)
class VariantView:
    """A variant of a product. ``colour`` names an entry of the palette; ``option`` is what the customer picks."""

    sku: str
    option: str
    colour: str
    price: Money
    stock: int

    @property
    def stock_word(self) -> str:
        """In words: nobody needs to know that there are 214."""
        if self.stock <= 0:
            return "sold out"
        return f"only {self.stock} left" if self.stock <= 3 else "in stock"


@dataclass(frozen=True, slots=True)
class ProductView:
    """A product on the shelf. ``kind`` and ``art_seed`` say which picture; ``rating_tenths`` is 0 to 50."""

    handle: str
    name: str
    category: str
    kind: str
    art_seed: int
    summary: str
    description: str
    details: tuple[tuple[str, str], ...]
    variants: tuple[VariantView, ...]
    rating_tenths: int
    review_count: int
    on_sale: bool

    @property
    def price(self) -> Money:
        """The cheapest variant's price."""
        return min(v.price for v in self.variants)

    @property
    def in_stock(self) -> bool:
        return any(v.stock > 0 for v in self.variants)

    @property
    def colour(self) -> str:
        """The colour the product is shown in."""
        return next((v.colour for v in self.variants if v.stock > 0), self.variants[0].colour)


@dataclass(frozen=True, slots=True)
class ProductList:
    """A page of search results; ``count`` is how many there are in all."""

    products: tuple[ProductView, ...]
    count: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """Products side by side, in the order they were named. ``missing`` is what was named and is not there;
    ``cheapest`` and ``best_rated`` are handles, and empty where several are equal."""

    products: tuple[ProductView, ...]
    missing: tuple[str, ...]
    cheapest: str
    best_rated: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A product and why it is named, in words made from records."""

    product: ProductView
    reason: str


@dataclass(frozen=True, slots=True)
class RecommendationList:
    recommendations: tuple[Recommendation, ...]


@dataclass(frozen=True, slots=True)
class ReviewView:
    """A customer's words about a product: text by others, to be escaped on pages and fenced for models."""

    stars: int
    text: str
    written_at: datetime
    author: str


@dataclass(frozen=True, slots=True)
class ReviewList:
    product: str
    name: str
    rating_tenths: int
    reviews: tuple[ReviewView, ...]


@dataclass(frozen=True, slots=True)
class BasketLineView:
    sku: str
    product: str
    name: str
    option: str
    colour: str
    kind: str
    art_seed: int
    quantity: int
    stock: int
    price: Money

    @property
    def total(self) -> Money:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class BasketView:
    lines: tuple[BasketLineView, ...]
    goods: Money
    shipping: Money

    @property
    def total(self) -> Money:
        return self.goods + self.shipping

    @property
    def count(self) -> int:
        return sum(line.quantity for line in self.lines)


@dataclass(frozen=True, slots=True)
class OrderLineView:
    """One line of an order. ``refunded`` is what has gone back for it; of a ``cancelled`` line, all of it."""

    line: int
    product: str
    name: str
    option: str
    colour: str
    kind: str
    art_seed: int
    quantity: int
    price: Money
    refunded: Money
    sku: str = ""
    cancelled: bool = False

    @property
    def total(self) -> Money:
        return self.price * self.quantity


@dataclass(frozen=True, slots=True)
class CarrierNoteView:
    """What a carrier wrote: text by others, to be escaped on pages and fenced for models."""

    text: str
    at: datetime


@dataclass(frozen=True, slots=True)
class OrderView:
    """An order as its owner sees it. ``status`` is placing, paid, changing, shipped, delivered, cancelling, cancelled
    or failed; the amounts are of what is left of it. ``destination`` is the address's label; ``address`` its lines,
    for pages only (it is personal). ``notes`` are there where they were asked for."""

    number: str
    status: str
    placed_at: datetime
    shipped_at: datetime | None
    delivered_at: datetime | None
    lines: tuple[OrderLineView, ...]
    goods: Money
    shipping: Money
    refunded: Money
    refundable: Money
    paid_with: str
    destination: str
    address: tuple[str, ...]
    tracking: str
    estimate: date | None
    notes: tuple[CarrierNoteView, ...] = ()

    @property
    def total(self) -> Money:
        return self.goods + self.shipping

    @property
    def is_whole(self) -> bool:
        """Whether no line of it was cancelled by itself."""
        return not any(line.cancelled for line in self.lines)

    @property
    def status_word(self) -> str:
        return _STATUS_WORDS.get(self.status, self.status)


@dataclass(frozen=True, slots=True)
class TrackingStep:
    what: str
    at: datetime


@dataclass(frozen=True, slots=True)
class TrackingView:
    """How far an order has come: the steps it has taken, oldest first. Its notes are in the order."""

    order: OrderView
    steps: tuple[TrackingStep, ...]


@dataclass(frozen=True, slots=True)
class InvoiceView:
    """An order's invoice. ``vat`` is contained in ``total``, at ``vat_percent``; the order has the lines, the sums
    and the address (which is personal)."""

    number: str
    issued_at: datetime
    order: OrderView
    total: Money
    vat: Money
    vat_percent: int

    @property
    def net(self) -> Money:
        return self.total - self.vat

    @property
    def link(self) -> str:
        """Where it can be printed."""
        return f"/account/orders/{self.order.number}/invoice"


@dataclass(frozen=True, slots=True)
class OrderList:
    orders: tuple[OrderView, ...]


@dataclass(frozen=True, slots=True)
class AddressView:
    """``handle`` is ``address:`` and the label in lower case; ``lines`` are personal and for pages only."""

    handle: str
    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AddressList:
    addresses: tuple[AddressView, ...]


@dataclass(frozen=True, slots=True)
class PaymentMethodView:
    """``handle`` is ``card:`` with brand and last four; ``expires`` is ``MM/YY``. That is all the shop has."""

    handle: str
    words: str
    expires: str
    has_expired: bool


@dataclass(frozen=True, slots=True)
class PaymentMethodList:
    methods: tuple[PaymentMethodView, ...]


@dataclass(frozen=True, slots=True)
class PreferenceView:
    """One topic of mails. ``why`` is why it can't be switched off, and empty where it can."""

    topic: str
    words: str
    on: bool
    why: str = ""


@dataclass(frozen=True, slots=True)
class PreferenceList:
    preferences: tuple[PreferenceView, ...]


@dataclass(frozen=True, slots=True)
class SecurityView:
    """How an account is protected. ``password_changed`` is ``None`` where that was never written down."""

    two_factor: bool
    recovery_codes_left: int
    sessions: int
    password_changed: datetime | None


@dataclass(frozen=True, slots=True)
class SessionView:
    """Where somebody is signed in: the kind of browser, its last visit, and whether it is the one that asks."""

    device: str
    last_used: datetime
    is_this: bool


@dataclass(frozen=True, slots=True)
class SessionList:
    sessions: tuple[SessionView, ...]


@dataclass(frozen=True, slots=True)
class KeptLine:
    what: str
    count: int


@dataclass(frozen=True, slots=True)
class MyData:
    """What the shop keeps about somebody, counted by kind; ``link`` leads to the page about it."""

    kept: tuple[KeptLine, ...]
    link: str


@dataclass(frozen=True, slots=True)
class RuleSection:
    """A section of the shop's rules: ``quote`` is verbatim, ``link`` leads to it."""

    topic: str
    title: str
    quote: str
    link: str


@dataclass(frozen=True, slots=True)
class MessageView:
    """One message of a conversation. ``voice`` is customer, assistant, shop, clerk or other. ``cards`` are
    references (kind, key) that a page renders from the records; ``choices`` are texts to send by a button.
    ``ended`` says why an answer broke off (see :class:`shop.conversations.Message`); ``speaker`` is a clerk's name."""

    id: str
    voice: str
    text: str
    at: datetime
    cards: tuple[tuple[str, str], ...] = ()
    choices: tuple[str, ...] = ()
    ended: str = ""
    speaker: str = ""
    rating: "RatingView | None" = None


@dataclass(frozen=True, slots=True)
class RatingView:
    """What a customer thinks of an answer. ``reason`` is a key of :data:`shop.ratings.REASONS` or empty."""

    is_good: bool
    reason: str
    reason_words: str
    words: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """What a clerk needs to know of a conversation, written from the records. ``lines`` are pairs of label and value;
    ``orders`` (number, status in words, what is in it) and ``requests`` (id, what was asked for, how it stands) are
    those that came up in it."""

    lines: tuple[tuple[str, str], ...]
    orders: tuple[tuple[str, str, str], ...]
    requests: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class ConversationView:
    """A conversation. ``state`` is open, waiting (for a clerk), taken or closed; ``clerk`` is who has taken it.
    ``summary`` is what the assistant said of it, ``case`` what the records say; both are for clerks. ``app`` is the app
    that began it, if one did."""

    id: str
    title: str
    state: str
    clerk: str
    customer: str
    summary: str
    updated_at: datetime
    messages: tuple[MessageView, ...]
    case: CaseView | None = None
    app: str = ""
