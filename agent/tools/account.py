"""Tools for one's own account: mails, protection, devices, what is kept, and leaving. None shows who it belongs to."""

from datetime import datetime
from typing import Annotated, Literal

from langchain.tools import ToolRuntime, tool
from langchain_core.tools import BaseTool

from agent.tools.asking import Answer, ask, changed
from agent.turn import Turn
from auth.guard.commands import Command
from shop.commands import (
    ChangePreferences,
    DeleteAccount,
    EndSessions,
    ExportMyData,
    ListSessions,
    ShowMyData,
    ShowPreferences,
    ShowSecurity,
)
from shop.views import MyData, PreferenceList, SecurityView, SessionList

LISTED = 12


@tool
def show_preferences(runtime: ToolRuntime[Turn]) -> str:
    """Look at which mails the customer gets from the shop, by topic."""
    return ask(runtime.context, ShowPreferences, {}, _preferences)


@tool
def change_preferences(
    topic: Annotated[
        Literal["news", "review_reminders", "order_updates", "security"],
        "Which mails; those about orders and security always come",
    ],
    on: Annotated[bool, "Whether these mails shall come"],
    runtime: ToolRuntime[Turn],
) -> str:
    """Switch the mails about a topic on or off for the customer."""
    return ask(runtime.context, ChangePreferences, {"topic": topic, "on": on}, changed)


@tool
def show_security(runtime: ToolRuntime[Turn]) -> str:
    """Look at how the customer's account is protected: two-step sign-in, recovery codes left, sessions, password."""
    return ask(runtime.context, ShowSecurity, {}, _security)


@tool
def list_sessions(runtime: ToolRuntime[Turn]) -> str:
    """List where the customer is signed in."""
    return ask(runtime.context, ListSessions, {}, _sessions)


@tool
def end_sessions(runtime: ToolRuntime[Turn]) -> str:
    """Prepare signing the customer out on every other device. The customer confirms it on a card."""
    return ask(runtime.context, EndSessions, {}, changed)


@tool
def show_my_data(runtime: ToolRuntime[Turn]) -> str:
    """Look at what the shop keeps about the customer, counted by kind, with the link to the page about it."""
    return ask(runtime.context, ShowMyData, {}, _my_data)


@tool
def export_my_data(runtime: ToolRuntime[Turn]) -> str:
    """Prepare a file with everything the shop knows about the customer. The customer confirms with a fresh code and
    fetches it on a page; it never comes into the conversation."""
    return ask(runtime.context, ExportMyData, {}, changed)


@tool
def delete_account(
    runtime: ToolRuntime[Turn], reason: Annotated[str | None, "Why, in the customer's words"] = None
) -> str:
    """Prepare the deletion of the customer's account. The customer confirms it on a card, with a fresh code. It can't
    be undone."""
    return ask(runtime.context, DeleteAccount, {"reason": reason}, changed)


def _preferences(view: PreferenceList) -> Answer:
    rows = [
        {"topic": p.topic, "words": p.words, "on": p.on} | ({"always": p.why} if p.why else {})
        for p in view.preferences
    ]
    return {"preferences": rows}


def _security(view: SecurityView) -> Answer:
    changed_on = {} if view.password_changed is None else {"password_changed": _day(view.password_changed)}
    state = {"two_factor": "on" if view.two_factor else "off", "recovery_codes_left": view.recovery_codes_left}
    return {"security": {**state, "sessions": view.sessions, **changed_on, "link": "/account/security"}}


def _sessions(view: SessionList) -> Answer:
    """The kind of browser, and no network: where somebody is, a model need not know."""
    rows = [
        {"device": s.device[:60], "last_used": _day(s.last_used), "this": s.is_this} for s in view.sessions[:LISTED]
    ]
    return {"sessions": rows, "count": len(view.sessions)}


def _my_data(view: MyData) -> Answer:
    return {"kept": [{"what": line.what, "count": line.count} for line in view.kept], "link": view.link}


def _day(when: datetime) -> str:
    return f"{when.day} {when:%b %Y}"


TOOLS: tuple[tuple[BaseTool, type[Command]], ...] = (
    (show_preferences, ShowPreferences),
    (change_preferences, ChangePreferences),
    (show_security, ShowSecurity),
    (list_sessions, ListSessions),
    (end_sessions, EndSessions),
    (show_my_data, ShowMyData),
    (export_my_data, ExportMyData),
    (delete_account, DeleteAccount),
)
