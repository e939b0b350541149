"""One example of each thing the API answers: values of the same types, so an example cannot show what never comes."""

from datetime import UTC, date, datetime
from typing import Final

from frontend.api import shapes
from frontend.api.shapes import Amount

NOON: Final = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
LATER: Final = datetime(2026, 11, 20, 12, 15, tzinfo=UTC)
MUG_PRICE: Final = Amount(1990, "EUR", "€19.90")
SHIPPING: Final = Amount(490, "EUR", "€4.90")
SUM: Final = Amount(2480, "EUR", "€24.80")
NIL: Final = Amount(0, "EUR", "€0.00")
CARD_ID: Final = "019a9f3c-5b00-7d2e-8f41-3a6b9c0d1e2f"
TALK_ID: Final = "019a9f3c-6c11-7b3a-9c52-4b7cad1e2f30"

PRODUCT: Final = shapes.Product(
    handle="harbour-stoneware-mug",
    name="Harbour Stoneware Mug",
    category="table",
    summary="A mug that keeps its heat.",
    description="Thrown in stoneware and glazed by hand.",
    details=(shapes.Detail("Holds", "320 ml"),),
    price_from=MUG_PRICE,
    variants=(shapes.Variant("mug-pine", "Pine", "Pine", MUG_PRICE, "in stock"),),
    rating_tenths=46,
    review_count=31,
    in_stock=True,
)
REVIEW: Final = shapes.Review(5, "Keeps my tea warm for an hour.", "Luca", NOON)
RULE: Final = shapes.Rule("returns", "Sending something back", "You have 30 days.", "/policies/returns")
BASKET: Final = shapes.Basket(
    (shapes.BasketLine("mug-pine", "harbour-stoneware-mug", "Harbour Stoneware Mug", "Pine", 1, MUG_PRICE, MUG_PRICE),),
    MUG_PRICE,
    SHIPPING,
    SUM,
)
ORDER: Final = shapes.Order(
    number="HP-7K3M-29QD",
    status="delivered",
    status_words="delivered",
    placed_at=NOON,
    shipped_at=NOON,
    delivered_at=NOON,
    expected_on=date(2026, 11, 25),
    lines=(shapes.OrderLine(1, "mug-pine", "Harbour Stoneware Mug", "Pine", 1, MUG_PRICE, MUG_PRICE, NIL, False),),
    goods=MUG_PRICE,
    shipping=SHIPPING,
    total=SUM,
    refunded=NIL,
    refundable=SUM,
    paid_with="Visa ···· 4242",
    destination="Home",
    address=None,
    tracking="HPX-000123",
)
TRACKING: Final = shapes.Tracking(
    "HP-7K3M-29QD", "delivered", "HPX-000123", (shapes.Step("Placed", NOON), shapes.Step("Delivered", NOON)), ()
)
INVOICE: Final = shapes.Invoice(
    number="HP-7K3M-29QD",
    order="HP-7K3M-29QD",
    issued_at=NOON,
    net=Amount(2084, "EUR", "€20.84"),
    vat=Amount(396, "EUR", "€3.96"),
    vat_percent=19,
    total=SUM,
    page="https://shop.example/account/orders/HP-7K3M-29QD/invoice",
)
CASE: Final = shapes.Case(
    number="RT-4F6H",
    order="HP-7K3M-29QD",
    kind="return",
    problem="",
    status="announced",
    status_words="waiting for your parcel",
    items=("1 × Harbour Stoneware Mug, Pine",),
    amount=MUG_PRICE,
    charged=None,
    option="",
    reason="Too small",
    note="",
    opened_at=NOON,
    received_at=None,
    ended_at=None,
)
ADDRESS: Final = shapes.Address("address:home", "Home", ("Luca Brindlemoor", "7 Juniper Lane", "D02 X285 Dublin", "IE"))
METHOD: Final = shapes.PaymentMethod("card:visa-4242", "Visa ···· 4242", "12/29", False)
APPROVAL: Final = shapes.Approval(
    id=CARD_ID,
    state="open",
    says="Refund €24.80 to Visa ···· 4242",
    action="RefundOrder",
    asked_by="pocket-pine",
    needs=("confirmation",),
    sign_at=f"https://shop.example/approvals/{CARD_ID}",
    asked_at=NOON,
    expires_at=LATER,
    outcome=None,
)
CHANGED: Final = shapes.Changed("done", "It is in your basket.", {"sku": "mug-pine", "quantity": 1})
ACCEPTED: Final = shapes.Accepted(
    "waiting", "Nothing has changed yet. Please look at the card and confirm it.", APPROVAL
)
ACTIVITY: Final = shapes.Activity(
    title="Get money back",
    about="order HP-7K3M-29QD",
    at=NOON,
    who="Pocket Pine",
    channel="through a program",
    outcome="waiting",
    steps=(
        shapes.ActivityStep(
            NOON,
            "command.proposed",
            "Pocket Pine",
            "Prepared it and asked the desk.",
            (shapes.Reason("chat.writes-need-confirmation", "You confirm what is prepared for you."),),
        ),
    ),
)
MESSAGE: Final = shapes.Message(2, "assistant", "Your mug was delivered on 18 November.", NOON, (), (), "")
CONVERSATION: Final = shapes.Conversation(TALK_ID, "Where is my mug?", "open", NOON)
TALK: Final = shapes.Talk(CONVERSATION, (MESSAGE,))
SAID: Final = shapes.Said(TALK_ID, 1, (MESSAGE,), ())
