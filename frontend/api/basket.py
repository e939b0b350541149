"""The basket, and ordering what is in it. The basket needs no signature; an order does."""

from frontend.api import examples
from frontend.api.operations import Call, Operation, look
from frontend.api.shapes import Basket, Changed
from shop.commands import AddToBasket, ChangeBasketLine, PlaceOrder, ShowBasket

SHOW = "showBasket"


def show_basket(call: Call) -> Basket:
    return Basket.of(look(call, ShowBasket()))


OPERATIONS = (
    Operation(
        SHOW,
        "GET",
        "/basket",
        "Basket",
        "What is in the customer's basket, at the prices of this moment",
        Basket,
        examples.BASKET,
        scopes=("basket",),
        answer=show_basket,
    ),
    Operation(
        "addToBasket",
        "POST",
        "/basket/lines",
        "Basket",
        "Put a variant into the basket, on top of what is there",
        Changed,
        examples.CHANGED,
        scopes=("basket",),
        command=AddToBasket,
        sends={"sku": "mug-pine", "quantity": 1},
        guards=SHOW,
    ),
    Operation(
        "changeBasketLine",
        "PUT",
        "/basket/lines/{sku}",
        "Basket",
        "Set how many of a variant are in the basket; zero takes it out",
        Changed,
        examples.CHANGED,
        scopes=("basket",),
        command=ChangeBasketLine,
        sends={"quantity": 2},
        guards=SHOW,
        must_match=True,
    ),
    Operation(
        "removeBasketLine",
        "DELETE",
        "/basket/lines/{sku}",
        "Basket",
        "Take a variant out of the basket",
        Changed,
        examples.CHANGED,
        scopes=("basket",),
        command=ChangeBasketLine,
        fixed={"quantity": 0},
        guards=SHOW,
        must_match=True,
    ),
    Operation(
        "placeOrder",
        "POST",
        "/orders",
        "Orders",
        "Prepare ordering what is in the basket. The prices are read again when the customer signs",
        Changed,
        examples.CHANGED,
        scopes=("orders:write",),
        command=PlaceOrder,
        sends={"address": "address:home", "payment": "card:visa-4242"},
    ),
)
