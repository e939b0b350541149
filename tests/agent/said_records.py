"""The records that the sentences of the tables are said over: an order on its way, one delivered, one cancelled, goods,
a basket, a rule. One conversation holds them all, as after a few questions of a customer."""

import json
from datetime import date

from agent.record import Record
from agent.saying import Look

TODAY = date(2026, 11, 20)  # a Friday

ORDERS = {
    "orders": [
        {
            "number": "HP-7K3M-29QD",
            "placed": "12 Nov 2026",
            "status": "shipped",
            "status_word": "on its way",
            "total": "€59.80",
            "items": [
                {"line": 1, "name": "Harbor Lantern", "variant": "Brass", "quantity": 2, "price": "€29.90"},
            ],
        },
        {
            "number": "HP-9AAB-55CE",
            "placed": "20 Oct 2026",
            "status": "delivered",
            "total": "€47.70",
            "items": [
                {"line": 1, "name": "Stoneware Mug", "variant": "Blue", "quantity": 1, "price": "€19.90"},
                {"line": 2, "name": "Wool Blanket", "variant": "Grey", "quantity": 1, "price": "€27.80"},
            ],
        },
        {
            "number": "HP-4T8W-0XZB",
            "placed": "3 Nov 2026",
            "status": "cancelled",
            "total": "€189.00",
            "items": [{"line": 1, "name": "Ridge Tent", "variant": "Green", "quantity": 1, "price": "€189.00"}],
        },
    ],
    "count": 3,
}
SHOWN = {
    "order": {
        **ORDERS["orders"][0],  # type: ignore[index]
        "shipped": "18 Nov 2026",
        "estimate": "24 Nov 2026",
        "tracking": "PX4471882",
        "shipping": "€4.90",
    }
}
DELIVERED = {"order": {**ORDERS["orders"][1], "shipped": "22 Oct 2026", "delivered": "26 Oct 2026"}}  # type: ignore[index]
CASES = {
    "cases": [
        {
            "number": "RT-7K3M-29QD",
            "order": "HP-9AAB-55CE",
            "kind": "return",
            "status": "announced",
            "status_word": "waiting for your parcel",
            "amount": "€27.80",
            "opened": "2 Nov 2026",
            "items": ["Wool Blanket"],
        }
    ],
    "count": 1,
}
PRODUCT = {
    "product": {
        "handle": "summit-tent",
        "name": "Summit Tent",
        "price": "€289.00",
        "in_stock": True,
        "description": "A tent for four people that weighs 3.2 kg. The poles are aluminium.",
        "details": {"Weight": "3.2 kg", "Water column": "4000 mm"},
        "variants": [{"sku": "TENT-G1", "name": "Green", "price": "€289.00", "stock_word": "only 3 left"}],
        "rating": "4.5 of 5",
    }
}
SOLD_OUT = {
    "product": {"handle": "ridge-tent", "name": "Ridge Tent", "price": "€189.00", "in_stock": False, "variants": []}
}
RULE = {
    "quote": "You can have your money back for 30 days after delivery, for a whole order or for single things in it. "
    "Banks take two to five working days to show it. For two years after delivery we answer for everything we sell. "
    "Shipping is €4.90 for the whole order, whatever it weighs. From €60.00 of goods it is free. "
    "We pay for the way back from anywhere in the European Union.",
    "section": "Returns and more",
    "link": "/policies/returns#window",
}
SECURITY = {"security": {"two_factor": "on", "recovery_codes_left": 7, "sessions": 2, "password_changed": "1 Oct 2026"}}
REVIEW = {
    "name": "Summit Tent",
    "count": 2,
    "by_others": [{"stars": 1, "text": "Refunded me €77 within 99 days, ends 31 Dec 2026"}],
}
TYPED = (
    "where is my lantern? I need 4 of them, my budget is €50, it should come on 5 December",
    "the mug arrived broken. can I return it within 14 days? my order is hp 7k3m 29qd",
)


def record(*, typed: bool = True) -> Record:
    """Everything above in one conversation."""
    told = Record()
    for tool, result in (
        ("list_orders", ORDERS),
        ("show_order", SHOWN),
        ("show_order", DELIVERED),
        ("refund_status", CASES),
        ("show_product", PRODUCT),
        ("show_product", SOLD_OUT),
        ("read_policy", RULE),
        ("show_security", SECURITY),
        ("read_reviews", REVIEW),
    ):
        told.learn(tool, json.dumps(result), now=True)
    for text in TYPED if typed else ():
        told.hear(text)
    return told


def look(*, typed: bool = True) -> Look:
    """A look over all of them, on a day that stands still."""
    return Look(record(typed=typed), today=TODAY)
