"""``countersign assistant stop | go-on | switches``: the assistant's switches for an operator without a browser.

The same commands go to the same desk, for a clerk who shows a code of their authenticator; nothing here is a way around
the rules. A shop that runs notices within half a second.
"""

from contextlib import closing
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated
from uuid import uuid4

import typer
from rich.console import Console

from auth.accounts import find_account, find_account_id_by_email_tag
from auth.actor import Actor, Channel, Role
from auth.database import Scope, narrow
from auth.guard.commands import Command, NotACommand, parse
from auth.guard.decisions import Done
from auth.sign_in.noted import note
from auth.sign_in.second_factor import Proved, prove
from frontend.app import build_house
from frontend.assistant_cli import assistant_cli as assistant_cli
from frontend.house import House
from frontend.settings import SettingsRefused, demo_or_real
from shop.commands import LetAssistantGoOn, StopAssistant
from shop.switching import SwitchView, effect_of, past_switches, switches_in_force

out = Console(highlight=False)


class Reach(StrEnum):
    """What can be stopped."""

    WHOLE = "whole"
    TOOL = "tool"
    MODEL = "model"
    CUSTOMER = "customer"


Name = Annotated[
    str, typer.Argument(help="The tool, the model, or an order, a case or the e-mail address of a customer.")
]
Clerk = Annotated[str, typer.Option("--as", prompt="E-mail of the clerk", help="The clerk who does it.")]
Code = Annotated[str, typer.Option(prompt="Code from their app", hide_input=True, help="A code of theirs, used once.")]
Why = Annotated[str, typer.Option("--why", prompt="Why", help="In a few words; name nobody.")]


@assistant_cli.command()
def stop(reach: Reach, clerk: Clerk, code: Code, why: Why, name: Name = "") -> None:
    """Stop the assistant, wholly or in part; also what is queued."""
    with closing(_Shop.open()) as shop:
        out.print(shop.ask(StopAssistant, {"reach": reach.value, "name": name, "reason": why}, clerk, code))


@assistant_cli.command(name="go-on")
def go_on(
    switch: Annotated[str, typer.Argument(help="Its number, as `switches` shows it.")], clerk: Clerk, code: Code
) -> None:
    """Let something go on that was stopped."""
    with closing(_Shop.open()) as shop:
        out.print(shop.ask(LetAssistantGoOn, {"switch": switch}, clerk, code))


@assistant_cli.command()
def switches() -> None:
    """Show what is stopped, and how soon each stop had its effect."""
    why = Scope.house("the switches on the command line")
    with closing(_Shop.open()) as shop, shop.house.database.read(why) as session:
        in_force, past = switches_in_force(session), past_switches(session)
    out.print("The assistant answers." if not in_force else "Switched off now:")
    for switch in in_force:
        _show(switch)
    if past:
        out.print("Before:")
    for switch in past:
        _show(switch)


@dataclass(frozen=True, slots=True)
class _Shop:
    house: House

    @classmethod
    def open(cls) -> "_Shop":
        return cls(build_house(demo_or_real()))

    def close(self) -> None:
        self.house.database.close()

    def ask(self, kind: type[Command], fields: dict[str, str], email: str, code: str) -> str:
        """The shop's own sentence about what was done; :class:`SettingsRefused` says why nothing was."""
        clerk = self._clerk(email, code)
        try:
            outcome = self.house.desk.submit(clerk, parse(kind, fields), request_id=uuid4().hex)
        except NotACommand as error:
            raise SettingsRefused(error.sentence) from error
        if not isinstance(outcome, Done):
            raise SettingsRefused(outcome.says)
        return outcome.says

    def _clerk(self, email: str, code: str) -> Actor:
        """A clerk with a code that was shown just now. Wrong tries count as on the pages."""
        house, now = self.house, self.house.clock()
        with house.database.begin(Scope.own(None)) as session:
            account_id = find_account_id_by_email_tag(session, house.vault.email_tag(email))
            if account_id is not None:
                narrow(session, account_id)
                account = find_account(session, account_id)
                is_clerk = account is not None and account.role == Role.CLERK
                shown = prove(session, house.vault, account_id, code, now=now) if is_clerk else None
                if isinstance(shown, Proved):
                    note(session, "step_up.succeeded", at=now, account_id=account_id, method=shown.method)
                    return Actor(account_id, Role.CLERK, Channel.STAFF, signed_in_at=now, second_factor_at=now)
                if shown is not None:
                    note(session, "step_up.refused", at=now, account_id=account_id)
        raise SettingsRefused("That is no clerk's address, or not a code of theirs that was not used before.")


def _show(switch: SwitchView) -> None:
    out.print(f"  {switch.id}  {switch.words}: {switch.reason}", markup=False, soft_wrap=True)
    out.print(f"    since {switch.stopped_at:%Y-%m-%d %H:%M:%S} UTC. {effect_of(switch)}", markup=False, soft_wrap=True)
