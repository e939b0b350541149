"""The joint of the house: settings in, every object built once, the app out. Only the CLI and tests import it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Literal
from urllib.parse import unquote, urlsplit
from uuid import UUID

import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI
from langchain_core.language_models import BaseChatModel
from limits.storage import Storage, storage_from_string
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

import shop
from agent.assistant import Assistant
from agent.compromised import COMPROMISED, CompromisedModel
from agent.hosted import Patience
from agent.local import EmbeddedModel
from agent.models import EMBEDDED, LoadedModel, load_model
from agent.tools import COMMANDS
from auth.actor import Actor
from auth.audit import AuditLog, CheckpointSigner, CheckpointVerifier, Observation, Witness, append_recorded
from auth.database import Database, Scope
from auth.guard.cases import Bench
from auth.guard.commands import action
from auth.guard.desk import Desk
from auth.guard.judge import Judge, refuse_to_open
from auth.guard.limits import Ceilings as CommandCeilings
from auth.guard.limits import CommandLimits
from auth.guard.rooms import RoomTable
from auth.mail import Letter, Mailer, SmtpMailer, post_last_letter
from auth.oauth import delegations
from auth.oauth.issuer import Issuer
from auth.sign_in.entrance import Entrance
from auth.sign_in.outside.calls import Calls
from auth.sign_in.outside.way import Ways
from auth.sign_in.overview import SignInOverview
from auth.sign_in.passwords import Argon2Cost, PasswordHasher
from auth.vault import LocalKeyFile, Vault
from auth.web.asking import Door
from auth.web.cookies import SessionCookie
from auth.web.limits import Ceilings
from auth.web.network import ClientNetworks
from auth.web.skin import put_on_skin
from frontend.api import add_api
from frontend.chores import Chores
from frontend.errors import answer_errors
from frontend.house import House
from frontend.knowing import knowing
from frontend.pages import add_pages
from frontend.settings import Mode, Settings, SettingsRefused
from frontend.turns import Turns
from shop.allowances import ANSWER_TOKENS, Allowances, Limits, Price
from shop.asked_by_apps import TellingOwners
from shop.catalogue import product_names
from shop.demo import has_demo_people
from shop.keeping import everything_kept
from shop.leaving import PostLastLetter
from shop.letters import LetterHead
from shop.opening import opening_questions
from shop.payments import DemoGateway, PaymentGateway
from shop.rooms import rooms
from shop.scopes import SENTENCES
from shop.support import as_conversation_stands
from shop.switches import is_switched_off
from shop.switching import AssistantParts

log = structlog.get_logger(__name__)


def utc_now() -> datetime:
    return datetime.now(UTC)


def build_house(
    settings: Settings,
    *,
    clock: Callable[[], datetime] = utc_now,
    gateway: PaymentGateway | None = None,
    model: BaseChatModel | LoadedModel | None = None,
    progress: Callable[[int, int], None] | None = None,
    ceilings: CommandCeilings | None = None,
    calls: Calls | None = None,
) -> House:
    """Build every object of the house from its settings. The database must be migrated.

    A missing policy, a policy that allows what it must not, a demo part outside demo mode: the house does not open.
    `progress` is told how many examples the embedded model has read, of how many, when it reads them anew;
    `ceilings` are how often an account may ask, `calls` how providers of identities are reached.
    """
    keys = LocalKeyFile(settings.keys)
    vault = Vault(keys, clock=clock)
    audit = AuditLog(witness=Witness(settings.checkpoints, checkpoint_signer(keys), clock))
    database = Database(settings.database, closing=append_recorded(audit))
    checkpoint = _checkpointing(audit, database)
    database.committed = checkpoint
    gateway, mailer = _gateway(settings, gateway, clock), _mailer(settings)
    judge = Judge(Path(shop.__file__).parent / "policy")
    refuse_to_open(judge, opening_questions())
    if not settings.is_demo and has_demo_people(database, vault):
        raise SettingsRefused(
            "The demo's people are in this database, and everybody knows their passwords: use another."
        )
    entrance = _entrance(settings, database, vault, clock)
    sign_in = SignInOverview(vault, entrance.life)
    head = LetterHead(settings.shop_name, settings.origin)
    post = _last_letters(database, vault, clock)
    assistant = _assistant(settings, judge, database, model, clock=clock, progress=progress)
    parts = AssistantParts(assistant.models, {tool: action(asks) for tool, asks in COMMANDS.items()})
    rehearses = settings.mode is not Mode.PRODUCTION
    shop_rooms = rooms(
        vault, gateway, clock=clock, sign_in=sign_in, post=post, head=head, assistant=parts, rehearses=rehearses
    )
    table = RoomTable(shop_rooms, judge)
    limits = CommandLimits(_counters(settings), ceilings or CommandCeilings())
    bench = Bench(
        database,
        vault,
        judge,
        table,
        limits,
        clock,
        standing=as_conversation_stands,
        switched_off=is_switched_off,
        delegation_over=_delegation_over(clock),
        parked=TellingOwners(vault, head, clock),
    )
    return House(
        name=settings.shop_name,
        database=database,
        vault=vault,
        desk=Desk(bench),
        rooms=table,
        audit=audit,
        assistant=assistant,
        allowances=_allowances(settings, assistant),
        attacker=_attacker(judge, database, vault) if rehearses else None,
        entrance=entrance,
        ways=Ways.to(entrance, settings.sign_in_with, calls or Calls.over_the_network()),
        issuer=Issuer.of(settings.origin, database=database, vault=vault, clock=clock, scopes=SENTENCES),
        kept=everything_kept(sign_in),
        gateway=gateway,
        mailer=mailer,
        clock=clock,
        demo=settings.demo_mode(),
        checkpoint=checkpoint,
    )


def create_app(settings: Settings, house: House, *, chores: bool = True) -> FastAPI:
    """The app around a house: pages, skin, error pages."""
    networks = ClientNetworks.behind(settings.trusted_proxies)
    door = Door(
        entrance=house.entrance,
        cookie=SessionCookie.for_origin(settings.origin),
        networks=networks,
        ceilings=Ceilings(networks, storage_uri=settings.redis_url or "memory://"),
    )

    @asynccontextmanager
    async def live(_: FastAPI) -> AsyncIterator[None]:
        work = Chores(house, door)
        if chores:
            work.start()
        yield
        await app.state.turns.finish()
        if chores:
            work.stop()
            work.once()
        house.checkpoint()
        house.database.close()

    # No /docs: FastAPI's page loads scripts from a third party. The API's own page is /api, from its own document.
    app = FastAPI(title=settings.shop_name, docs_url=None, redoc_url=None, openapi_url=None, lifespan=live)
    app.state.house = house
    app.state.turns = Turns(house)
    put_on_skin(app, door, origins=settings.origins)
    answer_errors(app)
    add_pages(app, demo=house.demo)
    add_api(app, house)
    return app


def checkpoint_signer(keys: LocalKeyFile) -> CheckpointSigner:
    """The key that signs checkpoints, derived from the key file: the database never holds it."""
    private = Ed25519PrivateKey.from_private_bytes(keys.derive("audit checkpoint signing"))
    return CheckpointSigner(private, _log_name(keys))


def checkpoint_verifier(keys: LocalKeyFile) -> CheckpointVerifier:
    return checkpoint_signer(keys).verifier


def _delegation_over(clock: Callable[[], datetime]) -> Callable[[Session, Actor, bool], bool]:
    def over(session: Session, actor: Actor, asks: bool) -> bool:
        return delegations.is_over(session, actor, now=clock(), asks=asks)

    return over


def _log_name(keys: LocalKeyFile) -> str:
    """The log's name in its checkpoints (the origin line of C2SP tlog-checkpoint).

    It belongs to the keys and not to the shop's address, so that a shop that moves keeps its log.
    """
    return "countersign.audit/" + keys.derive("audit log name")[:6].hex()


def _checkpointing(audit: AuditLog, database: Database) -> Callable[[], None]:
    def checkpoint() -> None:
        try:
            seen = audit.checkpoint(lambda: database.read(Scope.house("audit checkpoint")))
        except (OSError, SQLAlchemyError) as error:
            # The change is committed and stays; that it is not witnessed yet must be seen by the operator.
            log.error("no audit checkpoint could be written", exc_info=error)
            return
        if seen is Observation.CONFLICT:
            log.critical("the audit log contradicts its newest checkpoint: run `countersign audit verify`")

    return checkpoint


def _counters(settings: Settings) -> Storage:
    counters = storage_from_string(settings.redis_url or "memory://")
    if not isinstance(counters, Storage):
        raise SettingsRefused(
            "COUNTERSIGN_REDIS_URL reads like redis://host:6379/0; the async+ forms are not used here."
        )
    return counters


def _gateway(settings: Settings, given: PaymentGateway | None, clock: Callable[[], datetime]) -> PaymentGateway:
    if settings.is_demo:
        return given or DemoGateway(settings.data_folder / "demo-payments.db", clock=clock)
    if given is None or isinstance(given, DemoGateway):
        raise SettingsRefused("No payment gateway: the demo one moves no money. See docs/make-it-yours.md.")
    return given


def _last_letters(database: Database, vault: Vault, clock: Callable[[], datetime]) -> PostLastLetter:
    def post(account_id: UUID, key: UUID, letter: Letter) -> None:
        post_last_letter(database, vault, account_id=account_id, key=key, letter=letter, now=clock())

    return post


def _mailer(settings: Settings) -> Mailer | None:
    """Where mail leaves; without a server it stays in the outbox, which the demo shows."""
    if not settings.smtp_url:
        return None
    parts = urlsplit(settings.smtp_url)
    ways: dict[str, Literal["starttls", "implicit", "none"]] = {
        "smtp+starttls": "starttls",
        "smtps": "implicit",
        "smtp": "none",
    }
    if parts.scheme not in ways or not parts.hostname:
        raise SettingsRefused("COUNTERSIGN_SMTP_URL reads like smtp+starttls://user:password@host:587 or smtps://…")
    tls = ways[parts.scheme]
    port = parts.port or {"starttls": 587, "implicit": 465, "none": 25}[tls]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    try:
        return SmtpMailer(parts.hostname, port, settings.mail_from, tls=tls, username=user, password=password)
    except ValueError as error:
        raise SettingsRefused(f"COUNTERSIGN_SMTP_URL: {error}.") from error


def _entrance(settings: Settings, database: Database, vault: Vault, clock: Callable[[], datetime]) -> Entrance:
    cost = Argon2Cost(memory_kib=settings.argon2_memory_kib, iterations=settings.argon2_iterations)
    return Entrance(database, vault, PasswordHasher(cost), clock, settings.origin, settings.shop_name)


def _assistant(
    settings: Settings,
    judge: Judge,
    database: Database,
    model: BaseChatModel | LoadedModel | None,
    *,
    clock: Callable[[], datetime],
    progress: Callable[[int, int], None] | None,
) -> Assistant:
    def embedded() -> BaseChatModel:
        with database.read(Scope.own(None)) as session:
            names = product_names(session)
        return EmbeddedModel(
            product_names=names,
            cache_folder=settings.data_folder / "model",
            clock=clock,
            with_embeddings=settings.understanding == "embeddings",
            progress=progress,
        )

    given = _in_house(model) if isinstance(model, BaseChatModel) else model
    patience = Patience(silence_s=settings.model_timeout_s)
    loaded = given or load_model(settings.model, embedded=embedded, key=settings.model_key, patience=patience)
    return Assistant(loaded, policy_version=judge.version, could_ever=judge.could_ever, clock=clock)


def _allowances(settings: Settings, assistant: Assistant) -> Allowances:
    """What the models may use in a day; an allowance that not one call fits into is a mistake, and is told as one."""
    limits = [
        Limits(calls, tokens, int(money * 1_000_000))
        for calls, tokens, money in (
            (settings.day_calls, settings.day_tokens, settings.day_money),
            (settings.shop_day_calls, settings.shop_day_tokens, settings.shop_day_money),
        )
    ]
    price = Price(settings.model_price_in, settings.model_price_out)
    least = price.micro(ANSWER_TOKENS, ANSWER_TOKENS)
    if assistant.is_remote and (limits[0].tokens < 2 * ANSWER_TOKENS or limits[0].cost_micro < least):
        raise SettingsRefused(
            "COUNTERSIGN_DAY_TOKENS or COUNTERSIGN_DAY_MONEY is less than one call of this model may take. Raise it, "
            "or use COUNTERSIGN_MODEL=embedded."
        )
    return Allowances(account=limits[0], shop=limits[1], price=price)


def _attacker(judge: Judge, database: Database, vault: Vault) -> Callable[[], Assistant]:
    """The same graph and the same walls around a model that knows every id and means ill; made when it is let in."""

    @cache
    def attacker() -> Assistant:
        model = CompromisedModel(knowing(database, vault))
        return Assistant(LoadedModel(model, is_remote=False, name=COMPROMISED), policy_version=judge.version)

    return attacker


def _in_house(model: BaseChatModel) -> LoadedModel:
    name = EMBEDDED if isinstance(model, EmbeddedModel) else type(model).__name__
    return LoadedModel(model, is_remote=False, name=name)
