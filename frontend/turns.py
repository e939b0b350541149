"""Turns of the assistant: each runs to its end and is stored, whether or not somebody is still listening.

A turn is cut short when a clerk takes its conversation, when the assistant is switched off or when the shop closes:
what was said so far is stored as such, and nothing more is said. No database session is open while the model works:
every look at the records is a short block in a thread.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import cast
from uuid import UUID

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session
from starlette.concurrency import run_in_threadpool

from agent.assistant import Assistant
from agent.heard import Choices, Failed, Finished, Heard, StoodIn, Token, ToolUsed
from agent.memory import from_stored
from agent.stream import as_event
from agent.turn import Note, Turn
from auth.actor import Act, Actor, Channel, Origin
from auth.audit import Event, record
from auth.database import Scope
from auth.guard.commands import Json
from auth.guard.refusals import count_refusal
from auth.oauth import delegations
from auth.oauth.delegations import ASSISTANT, TURN_LIVES, Delegation, Proof, Why
from frontend.compromise import answering, rehearsal_of
from frontend.house import House
from frontend.purse import AccountPurse
from frontend.remembering import remembered
from frontend.stopping import Counting, gets_no_answer, is_stopped, look_at_switches, note_cut
from shop.conversations import (
    LONGEST_TEXT,
    OPEN,
    Conversation,
    Voice,
    append_message,
    find_conversation,
    start_conversation,
)
from shop.model_calls import Call, keep_calls
from shop.personal import NOBODY, Personal, find_personal
from shop.scopes import ASSISTANT_SCOPES
from shop.support import assistant_is_silent
from shop.switches import NOTHING_STOPPED, SILENT, Switches, read_switches

BROKEN = "Something went wrong on our side, and nothing was changed without your signature. Please try again."

# Why a turn was cut short: a clerk took over, the shop closed (or its person signed in), the conversation is gone, the
# assistant was switched off.
CLERK, STOPPED, GONE, OFF = "clerk", "stopped", "gone", "off"
# A switch that is thrown in another process is heeded within this time, also by a model that says nothing.
WATCH_EVERY_S = 0.5

Told = tuple[str, Mapping[str, object]]
log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Said:
    """What a customer has written, cleaned and bounded. ``page`` is what they look at, looked up as theirs."""

    text: str
    page: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Noted:
    """The customer's message as it was stored. ``is_silent`` says that a clerk has taken the conversation, ``is_off``
    that the assistant is switched off, ``is_attacked`` that a rehearsal lets the attacker answer; ``personal`` is what
    no model may be shown of its writer, ``switches`` what was stopped at that moment. ``delegation`` is the leave that
    the assistant has for this one turn; without one it does not answer."""

    account_id: UUID
    conversation_id: UUID
    message_id: UUID
    position: int
    is_silent: bool
    personal: Personal = NOBODY
    is_off: bool = False
    switches: Switches = NOTHING_STOPPED
    is_attacked: bool = False
    delegation: UUID | None = None
    leave_ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Busy:
    """The assistant is still at the message before; nothing was stored."""


@dataclass(frozen=True, slots=True)
class NotThere:
    """There is no such conversation of this account."""


class Running:
    """A turn on its way. It remembers what it has told, so whoever listens hears it from the beginning.

    ``cut`` is why it was cut short, or empty; ``listeners`` is how many lines hear it. ``task`` is its work, while it
    can still be cut short; without a ``turn`` nobody answers.
    """

    def __init__(self, noted: Noted, turn: Turn | None = None) -> None:
        self.noted, self.turn = noted, turn
        self.leave_ends_at = noted.leave_ends_at
        self.cut = ""
        self.listeners = 0
        self.task: asyncio.Task[None] | None = None
        self._told: list[Told] = []
        self._is_over = False
        self._news = asyncio.Event()

    def tell(self, name: str, data: Mapping[str, object]) -> None:
        self._told.append((name, data))
        self._wake()

    def end(self) -> None:
        self._is_over = True
        self._wake()

    def stop(self, why: str) -> None:
        """Cut it short. What is told until it has been stored is only that it was."""
        self.cut = self.cut or why
        if self.task is not None:
            self.task.cancel()

    async def listen(self) -> AsyncIterator[Told]:
        """Everything it tells, in order, until its end. A listener who goes away stops nothing."""
        heard = 0
        self.listeners += 1
        try:
            while True:
                for told in self._told[heard:]:
                    heard += 1
                    yield told
                if heard == len(self._told):
                    if self._is_over:
                        return
                    await self._news.wait()
        finally:
            self.listeners -= 1

    async def wait(self) -> None:
        """Return when it is over."""
        async for _ in self.listen():
            pass

    def _wake(self) -> None:
        news, self._news = self._news, asyncio.Event()
        news.set()


class Turns:
    """All turns under way in this process: one at a time for each conversation. While there are any, the switches are
    read every ``watch_every_s`` seconds."""

    def __init__(self, house: House, *, watch_every_s: float = WATCH_EVERY_S) -> None:
        self._house, self._watch_every_s = house, watch_every_s
        self._busy: set[tuple[UUID, UUID]] = set()
        self._running: dict[tuple[UUID, UUID], Running] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watch: asyncio.Task[None] | None = None

    def is_busy(self, account_id: UUID | None, conversation_id: UUID) -> bool:
        """Whether the assistant is at work in this conversation."""
        return (account_id, conversation_id) in self._busy

    def running(self, account_id: UUID | None, conversation_id: UUID) -> Running | None:
        """The turn under way in this conversation of this account; when it is over, it is stored and not here."""
        return None if account_id is None else self._running.get((account_id, conversation_id))

    async def cut_short(self, conversation_id: UUID, *, why: str, within_s: float = 5.0) -> None:
        """Stop the turn of a conversation, whoever it belongs to, and return when what was said so far is stored."""
        await self._stop([r for (_, key), r in self._running.items() if key == conversation_id], why, within_s)

    async def heed_switches(self, *, within_s: float = 5.0) -> None:
        """Cut short every turn that has been stopped by now, and return when what they said is stored."""
        if self._running:
            switches = await run_in_threadpool(look_at_switches, self._house)
            stopped = [r for r in self._running.values() if r.turn is not None and is_stopped(r.turn, switches)]
            await self._stop(stopped, OFF, within_s)

    async def settle(self, account_id: UUID, *, within_s: float = 3.0) -> None:
        """Wait for an account's turns, and cut short what takes longer."""
        under_way = [r for (key, _), r in self._running.items() if key == account_id]
        tasks = [running.task for running in under_way if running.task is not None]
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)
            await self._stop(under_way, STOPPED, within_s)

    async def say(self, actor: Actor, said: Said, conversation_id: UUID | None) -> Running | Busy | NotThere:
        """Store a message, in a new conversation without an id, and let the assistant begin to answer."""
        if actor.account_id is None:
            raise ValueError("who leaves a message has an account: see ensure_guest")
        # The key names the account, so that nobody can find out about, or block, somebody else's conversation.
        key = None if conversation_id is None else (actor.account_id, conversation_id)
        if key in self._busy:
            return Busy()
        if key is not None:
            self._busy.add(key)
        try:
            noted = await run_in_threadpool(_note_down, self._house, actor, said, conversation_id)
            if noted is not None:
                return self._begin(actor, noted)
        except BaseException:
            self._busy.discard(key)
            raise
        self._busy.discard(key)
        return NotThere()

    async def finish(self, *, within_s: float = 5.0) -> None:
        """Wait for what is under way; what takes longer is stored as far as it came."""
        if self._tasks:
            _, late = await asyncio.wait(self._tasks, timeout=within_s)
            for running in list(self._running.values()):
                running.stop(STOPPED)
            with suppress(asyncio.CancelledError):
                await asyncio.gather(*late, return_exceptions=True)

    async def _stop(self, under_way: list[Running], why: str, within_s: float) -> None:
        tasks = [running.task for running in under_way if running.task is not None and not running.task.done()]
        for running in under_way:
            running.stop(why)
        if tasks:
            await asyncio.wait(tasks, timeout=within_s)

    def _begin(self, actor: Actor, noted: Noted) -> Running:
        key = (noted.account_id, noted.conversation_id)
        work = None if noted.is_silent or noted.is_off else self._work(actor, noted)
        running = Running(noted, None if work is None else work.turn)
        running.tell("heard", {"conversation": str(noted.conversation_id), "position": noted.position})
        if work is None:
            self._busy.discard(key)
            running.tell("off" if noted.is_off else "silent", {})
            running.tell("done", {})
            running.end()
            return running
        self._busy.add(key)
        self._running[key] = running
        task = running.task = asyncio.create_task(self._run(running, work, key))
        # The loop itself holds tasks weakly; without this one a turn could vanish half-way.
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        # A task that is cut short before its first step does nothing at all, not even its own end.
        task.add_done_callback(lambda _: self._over(key, running))
        if self._watch is None or self._watch.done():
            self._watch = asyncio.create_task(self._watch_switches())
        return running

    def _work(self, actor: Actor, noted: Noted) -> "_Work":
        assistant = answering(self._house, is_attacked=noted.is_attacked)
        purse = AccountPurse.of(self._house, actor)
        turn = assistant.turn(
            replace(actor, delegation=noted.delegation, scopes=frozenset(ASSISTANT_SCOPES)),
            Counting(self._house, noted.switches.ids),
            conversation=str(noted.conversation_id),
            turn_id=str(noted.message_id),
            note=partial(_write_note, self._house, actor, assistant.digest, noted.delegation),
            personal=noted.personal,
            purse=purse,
            switches=noted.switches,
        )
        if _program(actor) is not None:
            turn.provenance.speaker = Origin.APP
        return _Work(assistant, turn, purse)

    async def _watch_switches(self) -> None:
        """While turns are under way: a switch may be thrown in another process, or on the command line."""
        while self._running:
            await asyncio.sleep(self._watch_every_s)
            try:
                await self._renew_leaves()
                await self.heed_switches()
            except SQLAlchemyError as error:
                log.error("the switches could not be read", exc_info=error)

    async def _renew_leaves(self) -> None:
        """A turn that takes its time goes on under its leave; one whose process died has none after two minutes."""
        for running in list(self._running.values()):
            ends_at = running.leave_ends_at
            if ends_at is not None and self._house.clock() >= ends_at - TURN_LIVES / 2:
                running.leave_ends_at = await run_in_threadpool(_renew, self._house, running.noted)

    def _over(self, key: tuple[UUID, UUID], running: Running) -> None:
        self._busy.discard(key)
        self._running.pop(key, None)
        running.end()

    async def _run(self, running: Running, work: "_Work", key: tuple[UUID, UUID]) -> None:
        noted, answer = running.noted, _Answer()
        try:
            with suppress(asyncio.CancelledError):
                await self._answer(work, running, answer)
        finally:
            # From here on there is nothing left to cut short: storing runs to its end.
            running.task = None
            try:
                running.cut = await run_in_threadpool(_store, self._house, noted, work, answer, running.cut)
                if running.cut:
                    running.tell("interrupted", {"why": running.cut})
                running.tell("done", {})
            finally:
                self._over(key, running)

    async def _answer(self, work: "_Work", running: Running, answer: "_Answer") -> None:
        turn = work.turn
        try:
            history = await run_in_threadpool(remembered, self._house, running.noted.account_id, turn.conversation)
            async with aclosing(work.assistant.answer(turn, from_stored(history))) as hearing:
                async for heard in hearing:
                    # Another process may have given the conversation to a clerk, so the record is asked each time.
                    if not isinstance(heard, Finished | ToolUsed):
                        running.cut = running.cut or await run_in_threadpool(_silenced, self._house, turn)
                    if running.cut:
                        return
                    answer.take(heard)
                    if not isinstance(heard, Finished):
                        running.tell(*as_event(heard))
        except Exception as error:
            log.error("a turn broke", exc_info=error)
            failed = Failed(BROKEN)
            answer.take(failed)
            running.tell(*as_event(failed))


@dataclass(frozen=True, slots=True)
class _Work:
    """What answering a message takes: the assistant of this moment, its turn, and the purse that the turn pays from."""

    assistant: Assistant
    turn: Turn
    purse: AccountPurse


class _Answer:
    """What the assistant has said so far in a turn, as it will be stored."""

    def __init__(self) -> None:
        self.choices: tuple[str, ...] = ()
        self.is_whole = self.has_failed = False
        self._pieces: list[str] = []

    @property
    def text(self) -> str:
        return "".join(self._pieces).strip()[:LONGEST_TEXT]

    def take(self, heard: Heard) -> None:
        match heard:
            case Token(text):
                self._pieces.append(text)
            case Failed(sentence):
                self._pieces.append(f"\n\n{sentence}")
                self.has_failed = True
            case StoodIn(sentence):
                self._pieces.append(f"\n\n{sentence}")
            case Choices(texts):
                self.choices = texts
            case Finished():
                self.is_whole = True

    def remembered(self, turn: Turn) -> list[Mapping[str, Json]]:
        """What the assistant keeps of the turn; of one that was cut short also the words that had not been kept yet."""
        kept = cast(list[Mapping[str, Json]], json.loads(json.dumps(turn.kept)))
        if self.is_whole:
            return kept
        rest = self.text
        for message in kept:
            if message.get("role") == "assistant":
                rest = rest.removeprefix(str(message.get("text", "")).strip()).strip()
        return [*kept, {"role": "assistant", "text": rest}] if rest else kept


def _note_down(house: House, actor: Actor, said: Said, conversation_id: UUID | None) -> Noted | None:
    """Find or start the conversation and write the customer's message into it; ``None`` when it is not theirs.

    What an app began is the app's to go on with, for it reads all of it, and what the customer began is the customer's.
    """
    account_id, now = cast(UUID, actor.account_id), house.clock()
    with house.database.begin(Scope.own(account_id)) as session:
        if conversation_id is None:
            conversation = start_conversation(session, house.vault, account_id, at=now, begun_by=_program(actor))
        elif (found := find_conversation(session, account_id, conversation_id)) is not None:
            if found.begun_by != _program(actor):
                return None
            conversation = found
        else:
            return None
        page: dict[str, Json] = {"page": dict(said.page)} if said.page else {}
        message = append_message(
            session,
            house.vault,
            conversation,
            voice=Voice.CUSTOMER,
            text=said.text,
            at=now,
            body=({"role": "customer", "text": said.text, **page},) if page else (),
        )
        is_silent, switches = assistant_is_silent(conversation), read_switches(session)
        is_off = not is_silent and gets_no_answer(house, switches, account_id)
        if is_off:
            _say_it_is_off(session, house, conversation)
        is_attacked = rehearsal_of(house, session) is not None
        answers = not (is_silent or is_off)
        leave = _take_leave(session, house, actor, is_attacked=is_attacked) if answers else None
        return Noted(
            account_id,
            conversation.id,
            message.id,
            message.position,
            is_silent,
            NOBODY if is_silent or is_off else find_personal(session, house.vault, account_id),
            is_off,
            switches,
            is_attacked=is_attacked,
            delegation=None if leave is None else leave.id,
            leave_ends_at=None if leave is None else leave.ends_at,
        )


def _program(actor: Actor) -> str | None:
    """The program that talks to the assistant for a customer, if they do not do so themselves."""
    return actor.act.name if actor.act is not None and actor.channel in {Channel.API, Channel.MCP} else None


def _take_leave(session: Session, house: House, actor: Actor, *, is_attacked: bool) -> Delegation:
    """The assistant's leave to act for one customer during one turn: who it is, hashed, and how far it goes.

    Where another program talks for the customer, it is cut from that program's own, and ends with it.
    """
    now, assistant = house.clock(), answering(house, is_attacked=is_attacked)
    wide = None if actor.delegation is None else delegations.find_delegation(session, actor.delegation)
    return delegations.begin(
        session,
        cast(UUID, actor.account_id),
        client=None,
        act=Act(ASSISTANT, assistant.digest),
        scopes=ASSISTANT_SCOPES,
        audiences=(house.issuer.api,),
        proof=Proof(actor.signed_in_at, actor.second_factor_at),
        ends_at=now + TURN_LIVES,
        now=now,
        parent=wide,
    )


def _renew(house: House, noted: Noted) -> datetime | None:
    ends_at = house.clock() + TURN_LIVES
    if noted.delegation is None:
        return None
    with house.database.begin(Scope.own(noted.account_id)) as session:
        delegations.renew(session, noted.delegation, ends_at=ends_at)
    return ends_at


def _silenced(house: House, turn: Turn) -> str:
    """Why the assistant may say no more in a conversation, by the record of this moment; empty while it may."""
    account_id = turn.actor.account_id
    with house.database.read(Scope.own(account_id)) as session:
        conversation = find_conversation(session, account_id, turn.conversation)
        if conversation is None:
            return GONE
        if assistant_is_silent(conversation):
            return CLERK
        return OFF if is_stopped(turn, read_switches(session)) else ""


def _say_it_is_off(session: Session, house: House, conversation: Conversation) -> None:
    """In the shop's own voice. Who waits for a person has been told already."""
    if conversation.state == OPEN:
        append_message(session, house.vault, conversation, voice=Voice.SHOP, text=SILENT, at=house.clock())


def _store(house: House, noted: Noted, work: _Work, answer: _Answer, cut: str) -> str:
    """Write what was said into the conversation, and what it took; why the answer was cut short, or empty."""
    with house.database.begin(Scope.own(noted.account_id)) as session:
        ended = _write_answer(session, house, noted, work.turn, answer, cut)
        if noted.delegation is not None:
            delegations.end(session, noted.delegation, why=Why.OVER, now=house.clock())
        # Last, for the row of the shop's day is the one that all turns wait for.
        work.purse.pay(session)
    return ended


def _write_answer(session: Session, house: House, noted: Noted, turn: Turn, answer: _Answer, cut: str) -> str:
    conversation = find_conversation(session, noted.account_id, noted.conversation_id)
    if conversation is None:
        return GONE
    # What a model has seen is told also when nobody gets to hear what it said.
    calls = [Call(handed.model, handed.is_remote, handed.content, handed.withheld) for handed in turn.handed]
    at = house.clock()
    keep_calls(session, house.vault, conversation, message_id=noted.message_id, calls=calls, at=at)
    ended = "" if answer.is_whole else cut or ("" if answer.has_failed else STOPPED)
    body = answer.remembered(turn)
    if answer.text or body or turn.cards:
        append_message(
            session,
            house.vault,
            conversation,
            voice=Voice.ASSISTANT,
            text=answer.text,
            at=at,
            body=body,
            cards=turn.cards,
            choices=() if ended else answer.choices,
            ended=ended,
        )
    if ended == OFF:
        _say_it_is_off(session, house, conversation)
        note_cut(session, turn, at=at)
    return ended


def _write_note(house: House, actor: Actor, digest: str, delegation: UUID | None, note: Note) -> None:
    """Into the audit log; a refusal that repeats itself is written once a minute with a count."""
    now = house.clock()
    with house.database.begin(Scope.own(actor.account_id)) as session:
        key = f"{actor.account_id}|{Channel.CHAT}|{note.kind}|{note.tool}|{note.why}"
        unwritten = count_refusal(session, key, now)
        if unwritten is None:
            return
        act: dict[str, Json] = {"name": ASSISTANT, "digest": digest, "delegation": str(delegation or "")}
        if (app := _program(actor)) is not None:
            act["app"] = app
        body: dict[str, Json] = {"why": note.why, "tool": note.tool, "unwritten_before": unwritten, "act": act}
        record(session, Event(note.kind, now, actor.account_id, None, Channel.CHAT.value, body))
