"""One's own addresses: add, replace, remove."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.actor import Actor
from auth.guard.commands import NotACommand
from auth.guard.decisions import AwaitingApproval, Done, Outcome, Pending, Refused
from auth.web.asking import Customer, safe_next
from frontend.errors import OK, UNPROCESSABLE, not_here, status_of
from frontend.house import house_of
from frontend.pages.checkout import addresses_of
from frontend.pages.submitting import Text, kept_id, submit, way_on
from frontend.render import looking, render
from shop.commands import RemoveAddress, SaveAddress

router = APIRouter(prefix="/account/addresses")

# Where the shop sends to: the European Union (ISO 3166 alpha-2).
COUNTRIES: tuple[tuple[str, str], ...] = (
    ("AT", "Austria"),
    ("BE", "Belgium"),
    ("BG", "Bulgaria"),
    ("HR", "Croatia"),
    ("CY", "Cyprus"),
    ("CZ", "Czechia"),
    ("DK", "Denmark"),
    ("EE", "Estonia"),
    ("FI", "Finland"),
    ("FR", "France"),
    ("DE", "Germany"),
    ("GR", "Greece"),
    ("HU", "Hungary"),
    ("IE", "Ireland"),
    ("IT", "Italy"),
    ("LV", "Latvia"),
    ("LT", "Lithuania"),
    ("LU", "Luxembourg"),
    ("MT", "Malta"),
    ("NL", "Netherlands"),
    ("PL", "Poland"),
    ("PT", "Portugal"),
    ("RO", "Romania"),
    ("SK", "Slovakia"),
    ("SI", "Slovenia"),
    ("ES", "Spain"),
    ("SE", "Sweden"),
)
_FIELDS = ("label", "recipient", "street", "postcode", "city", "country")


@router.get("")
def show_addresses(request: Request, actor: Customer, next: str = "") -> Response:
    return _page(request, actor, next_page=next)


@router.post("")
def save(
    request: Request,
    actor: Customer,
    label: Text = "",
    recipient: Text = "",
    street: Text = "",
    postcode: Text = "",
    city: Text = "",
    country: Text = "",
    next: Text = "",
    request_id: Text = "",
) -> Response:
    key = kept_id(request_id)
    typed = dict(zip(_FIELDS, (label, recipient, street, postcode, city, country), strict=True))
    match _save(request, actor, typed, key):
        case NotACommand(argument=argument, sentence=sentence):
            return _page(request, actor, UNPROCESSABLE, errors={argument: sentence}, typed=typed, next_page=next)
        case Refused(kind="policy" | "invalid" | "limit", says=says) as refused:
            return _page(request, actor, status_of(refused), errors={"label": says}, typed=typed, next_page=next)
        case (Done() | Refused() | AwaitingApproval() | Pending()) as outcome:
            page = safe_next(next) if next else "/account/addresses"
            return way_on(outcome, page=page, request_id=key)


@router.post("/{handle}/remove")
def remove(request: Request, actor: Customer, handle: str, request_id: Text = "") -> Response:
    key = kept_id(request_id)
    match submit(request, actor, RemoveAddress, fields={"address": handle}, request_id=key):
        case NotACommand():
            raise not_here()
        case outcome:
            return way_on(outcome, page="/account/addresses", request_id=key)


def _save(request: Request, actor: Actor, typed: dict[str, str], key: str) -> Outcome | NotACommand:
    if typed["country"] not in {code for code, _ in COUNTRIES}:
        return NotACommand("Choose a country we send to.", "country")
    return submit(request, actor, SaveAddress, fields=typed, request_id=key)


def _page(
    request: Request,
    actor: Actor,
    status: int = OK,
    *,
    errors: dict[str, str] | None = None,
    typed: dict[str, str] | None = None,
    next_page: str = "",
) -> Response:
    with looking(request, actor) as session:
        return render(
            request,
            "account/addresses.html",
            actor=actor,
            session=session,
            status=status,
            addresses=addresses_of(house_of(request), session, actor),
            countries=COUNTRIES,
            errors=errors or {},
            typed=dict.fromkeys(_FIELDS, "") | {k: v[:300] for k, v in (typed or {}).items()},
            next_page=safe_next(next_page) if next_page else "",
        )
