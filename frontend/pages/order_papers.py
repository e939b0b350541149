"""An order's invoice, on a page that is made to be printed."""

from fastapi import APIRouter, Request
from starlette.responses import Response

from auth.guard.commands import NotACommand
from auth.guard.decisions import Done, Refused
from auth.web.asking import Customer
from frontend.errors import not_here
from frontend.house import house_of
from frontend.pages.submitting import submit, way_on
from frontend.render import looking, new_request_id, render
from shop.commands import ShowInvoice
from shop.views import InvoiceView

router = APIRouter(prefix="/account/orders")


@router.get("/{number}/invoice")
def show_invoice(request: Request, actor: Customer, number: str) -> Response:
    key = new_request_id()
    match submit(request, actor, ShowInvoice, fields={"order": number}, request_id=key):
        case NotACommand():
            raise not_here()
        case Done(view=InvoiceView() as invoice):
            with looking(request, actor) as session:
                name = house_of(request).name
                return render(
                    request, "account/invoice.html", actor=actor, session=session, invoice=invoice, seller=name
                )
        case Refused(kind="policy"):
            # An order that nobody has paid has no invoice: there is no such page.
            raise not_here()
        case outcome:
            return way_on(outcome, page=f"/orders/{number}", request_id=key)
