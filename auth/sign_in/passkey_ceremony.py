"""Showing a passkey: instead of the password, after it, or again in a running session. Each answer is a value.

A passkey is unlocked by its holder (a finger, a face, a PIN), so it counts as two factors by itself (NIST SP 800-63B-4
§3.1.7.1; RFC 8176 ``mfa``). Phishing gets nothing: the browser signs for the origin it sees.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from auth.accounts import find_account
from auth.database import Scope, narrow
from auth.mail import queue_mail
from auth.sign_in import letters, one_time, passkeys, sessions
from auth.sign_in.authenticators import BadAnswer, Claim, RelyingParty, ask_to_show, check_shown, read_claim
from auth.sign_in.ceremony import Refused, SignedIn, SteppedUp, come_in, may_sign_in
from auth.sign_in.challenges import Asked, issue_challenge, take_challenge
from auth.sign_in.entrance import Entrance
from auth.sign_in.lost_factor import end_open_resets
from auth.sign_in.noted import note
from auth.sign_in.passkeys import Passkey
from auth.sign_in.tickets import find_ticket
from auth.sign_in.visit import Visit


@dataclass(frozen=True, slots=True)
class PasskeyAsked:
    """What the browser's authenticator is to sign. ``handle`` goes into the cookie, ``options`` to the script."""

    handle: str
    options: dict[str, Any] = field(repr=False)


def ask_for_sign_in(entrance: Entrance) -> PasskeyAsked | Refused:
    """A challenge for somebody who has not said who they are. The answer tells nothing about any account."""
    party = entrance.party
    if party is None:
        return Refused()
    with entrance.database.begin(Scope.own(None)) as session:
        issued = issue_challenge(session, asked=Asked.SIGN_IN, subject="", now=entrance.clock())
    return PasskeyAsked(issued.handle, ask_to_show(party, challenge=issued.challenge))


def ask_for_second_step(entrance: Entrance, *, ticket: str) -> PasskeyAsked | Refused:
    """A challenge for the one who has made the first step: for that ticket, and for the keys of that account."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        row, _ = find_ticket(session, ticket, now=now)
        if row is None:
            return Refused()
        return _ask(entrance, session, row.account_id, asked=Asked.SECOND_STEP, subject=str(row.id))


def ask_for_step_up(entrance: Entrance, *, token: str) -> PasskeyAsked | Refused:
    """A challenge for a running session, and for the keys of its account."""
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=entrance.clock())
        if found is None:
            return Refused()
        return _ask(entrance, session, found.account.id, asked=Asked.STEP_UP, subject=str(found.row.id))


def sign_in_with_passkey(entrance: Entrance, *, handle: str, answer: str, visit: Visit) -> SignedIn | Refused:
    """Come in with a passkey and nothing else. Which account it is, the record of the key says."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        proof = _prove(entrance, session, answer, handle=handle, asked=Asked.SIGN_IN, subject="", whose=None)
        if isinstance(proof, BadAnswer):
            note(session, "sign_in.refused", at=now, account_id=None, step="passkey", reason=proof.reason)
            return Refused()
        account = find_account(session, proof.account_id)
        if account is None or not may_sign_in(account):
            note(session, "sign_in.refused", at=now, account_id=proof.account_id, step="passkey")
            return Refused()
        amr = f"{_method(proof)} user mfa"
        return come_in(entrance, session, account, visit=visit, now=now, amr=amr)


def finish_with_passkey(
    entrance: Entrance, *, ticket: str, handle: str, answer: str, visit: Visit
) -> SignedIn | Refused:
    """The second step with a passkey: the ticket of the first, and a key of the same account."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        row, first = find_ticket(session, ticket, now=now)
        account = None if row is None else find_account(session, row.account_id)
        if row is None or account is None or not may_sign_in(account):
            note(session, "sign_in.refused", at=now, account_id=None, step="ticket")
            return Refused()
        proof = _prove(
            entrance,
            session,
            answer,
            handle=handle,
            asked=Asked.SECOND_STEP,
            subject=str(row.id),
            whose=account.id,
        )
        if isinstance(proof, BadAnswer):
            _note_refusal(session, account.id, proof, step="second", now=now)
            return Refused()
        if not one_time.use_up(session, row, now=now):
            return Refused()
        return come_in(entrance, session, account, visit=visit, now=now, amr=f"{first} {_method(proof)} user mfa")


def step_up_with_passkey(entrance: Entrance, *, token: str, handle: str, answer: str) -> SteppedUp | Refused:
    """Show a passkey again in a running session: its instant is stamped and the token changes."""
    now = entrance.clock()
    with entrance.database.begin(Scope.own(None)) as session:
        found = sessions.find(session, token, life=entrance.life, now=now)
        if found is None:
            return Refused()
        account_id, subject = found.account.id, str(found.row.id)
        proof = _prove(entrance, session, answer, handle=handle, asked=Asked.STEP_UP, subject=subject, whose=account_id)
        if isinstance(proof, BadAnswer):
            _note_refusal(session, account_id, proof, step="step_up", now=now)
            note(session, "step_up.refused", at=now, account_id=account_id)
            return Refused()
        note(session, "step_up.succeeded", at=now, account_id=account_id, method=_method(proof))
        return SteppedUp(sessions.stamp_second_factor(session, found.row, method=_method(proof), now=now))


def _ask(
    entrance: Entrance, session: Session, account_id: UUID, *, asked: Asked, subject: str
) -> PasskeyAsked | Refused:
    known = passkeys.credential_ids(session, entrance.vault, account_id)
    party = entrance.party
    if party is None or not known:
        return Refused()
    issued = issue_challenge(session, asked=asked, subject=subject, now=entrance.clock())
    return PasskeyAsked(issued.handle, ask_to_show(party, challenge=issued.challenge, known=known))


def _prove(
    entrance: Entrance,
    session: Session,
    answer: str,
    *,
    handle: str,
    asked: Asked,
    subject: str,
    whose: UUID | None,
) -> Passkey | BadAnswer:
    """The passkey that gave this answer, by WebAuthn level 3 §7.2; its counter is moved on.

    Needs a changing transaction that is committed whatever the answer, because the challenge is spent in it. Narrows
    it to the key's account.
    """
    now, party = entrance.clock(), entrance.party
    # (1) The challenge is of this browser, for this purpose, not used, not old; and it is used from here on.
    challenge = take_challenge(session, handle, asked=asked, subject=subject, now=now)
    if challenge is None or party is None:
        return BadAnswer("no such challenge")
    claim = read_claim(answer)
    if isinstance(claim, BadAnswer):
        return claim
    # (2) The key is somebody's, and where it is known who is asked, theirs.
    owner = passkeys.account_of_credential(session, claim.credential_id)
    if owner is None or whose not in (None, owner):
        return BadAnswer("not a key of theirs")
    narrow(session, owner)
    row = passkeys.find_by_credential(session, owner, claim.credential_id)
    # (3) The user the authenticator names is the key's owner. Without a name or a ticket it must name one.
    is_named = claim.user_handle == passkeys.user_handle(entrance.vault, owner)
    if row is None or not (is_named or (whose is not None and not claim.user_handle)):
        return BadAnswer("another user's handle")
    return _check(entrance, session, row, party=party, challenge=challenge, claim=claim, now=now)


def _check(
    entrance: Entrance,
    session: Session,
    row: Passkey,
    *,
    party: RelyingParty,
    challenge: bytes,
    claim: Claim,
    now: datetime,
) -> Passkey | BadAnswer:
    # (4) Challenge, origin, relying party, presence, verification and signature.
    public_key = entrance.vault.open_bytes(session, row, "public_key")
    shown = check_shown(party, claim, challenge=challenge, public_key=public_key)
    if isinstance(shown, BadAnswer):
        return shown
    # (5) A key that could not be copied when it was made can't be now (§7.2).
    if shown.can_be_copied != row.can_be_copied:
        return BadAnswer("the backup flag changed")
    # (6) The counter goes up. Only a right signature comes this far, so this is worth telling its owner.
    if not passkeys.count_use(session, row, shown=shown, now=now):
        note(session, "passkey.counter_went_back", at=now, account_id=row.account_id)
        _warn(entrance, session, row.account_id, now)
        return BadAnswer("the counter went back")
    note(session, "passkey.used", at=now, account_id=row.account_id)
    end_open_resets(session, row.account_id, now=now, why="factor")
    return row


def _warn(entrance: Entrance, session: Session, account_id: UUID, now: datetime) -> None:
    account = find_account(session, account_id)
    to = "" if account is None else entrance.vault.open(session, account, "email")
    if to:
        mail = letters.copied_passkey(entrance, to=to)
        queue_mail(session, entrance.vault, account_id, mail=mail, now=now)


def _note_refusal(session: Session, account_id: UUID, refused: BadAnswer, *, step: str, now: datetime) -> None:
    narrow(session, account_id)
    note(session, "passkey.refused", at=now, account_id=account_id, step=step, reason=refused.reason)


def _method(row: Passkey) -> str:
    """RFC 8176 §2: a key that never leaves its device is ``hwk``, one that may be copied ``swk``."""
    return "swk" if row.can_be_copied else "hwk"
