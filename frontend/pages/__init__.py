"""Every page of the shop, hung into the app. A page is a function: who asks stands in its signature."""

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from frontend.pages import (
    account,
    activity,
    addresses,
    approvals,
    apps,
    basket,
    chat,
    chat_buttons,
    chats,
    checkout,
    health,
    oauth_consent,
    oauth_endpoints,
    order_papers,
    orders,
    outbox,
    payment,
    pictures,
    preferences,
    privacy,
    register,
    returns,
    rules,
    security,
    seen,
    shop,
    sign_in,
    staff,
    staff_assistant,
    staff_cases,
    staff_rehearsal,
    staff_reviews,
    theme,
)
from shop.demo import DemoMode

_PAGES = (
    shop,
    basket,
    checkout,
    orders,
    returns,
    order_papers,
    approvals,
    account,
    addresses,
    payment,
    activity,
    preferences,
    privacy,
    security,
    apps,
    sign_in,
    register,
    rules,
    pictures,
    theme,
    chat,
    seen,
    chat_buttons,
    chats,
    staff,
    staff_assistant,
    staff_cases,
    staff_rehearsal,
    staff_reviews,
    outbox,
    oauth_consent,
    oauth_endpoints,
    health,
)


def add_pages(app: FastAPI, *, demo: DemoMode | None) -> None:
    """Hang every page into the app. What only a demo may show is not there at all without ``demo``."""
    app.mount("/static", StaticFiles(directory=Path(__file__).parent.parent / "static"), name="static")
    for page in _PAGES:
        app.include_router(page.router)
