"""Every knob of the shop, once: from the environment (``COUNTERSIGN_…``) or a ``.env`` file.

Outside demo mode nothing that is only for the demo is accepted, and start-up says which setting is missing.
"""

import json
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from auth.sign_in.outside.providers import Provider, providers_from
from shop.demo import DemoMode

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
Words = Annotated[tuple[str, ...], NoDecode]
Providers = Annotated[tuple[Provider, ...], NoDecode]
MoneyADay = Annotated[Decimal, Field(gt=0, le=1_000_000)]  # in the shop's currency


class Mode(StrEnum):
    """``demo`` is open about itself on every page. ``staging`` is for a shop without real customers: its clerks can
    rehearse there what a hostile model does. ``production`` is for all others."""

    DEMO = "demo"
    STAGING = "staging"
    PRODUCTION = "production"


class SettingsRefused(ValueError):
    """The settings don't make a shop that may open; the sentence says what to change."""


class Settings(BaseSettings):
    """The settings with their defaults. ``docs/settings.md`` has the same table, and a test compares the two."""

    model_config = SettingsConfigDict(env_prefix="COUNTERSIGN_", env_file=".env", extra="ignore", frozen=True)

    mode: Mode = Field(Mode.PRODUCTION, description="demo, staging or production")
    shop_name: str = Field("Harbor & Pine", max_length=60, description="The name over the door")
    origin: str = Field("http://localhost:8000", description="The shop's own address, as browsers write it")
    other_origins: Words = Field((), description="Further addresses it is served under, separated by commas")
    data_folder: Path = Field(Path("var"), description="Where the database, keys and checkpoints are kept by default")
    database_url: str = Field(
        "", repr=False, description="sqlite:///… or postgresql://…; empty: shop.db in the data folder"
    )
    migration_url: str = Field(
        "", repr=False, description="The database as its owner, for migrations; empty: database_url"
    )
    key_file: Path | None = Field(None, description="The vault's keys, mode 0600; empty: keys.json in the data folder")
    checkpoint_folder: Path | None = Field(
        None, description="Signed audit checkpoints, best on another disk; empty: checkpoints in the data folder"
    )
    model: str = Field(
        "embedded",
        description="embedded, or provider:name such as openai:gpt-5, and @https://… for a server of your own",
    )
    model_key: str = Field(
        "", repr=False, description="The key for that model; empty: the provider's own variable, such as OPENAI_API_KEY"
    )
    model_timeout_s: float = Field(
        30, ge=1, le=45, description="Seconds a hosted model may be silent before the embedded one goes on"
    )
    understanding: str = Field(
        "embeddings",
        pattern="^(embeddings|n-grams)$",
        description="What the embedded model understands with; n-grams alone save 110 MB of memory",
    )
    model_price_in: Decimal = Field(
        Decimal("3.00"), ge=0, le=10_000, description="What a hosted model costs for a million tokens it reads, in EUR"
    )
    model_price_out: Decimal = Field(
        Decimal("15.00"), ge=0, le=10_000, description="The same for a million tokens it writes; 0 for one of your own"
    )
    day_calls: int = Field(
        3_000, ge=1, description="Model calls of one account in a day (UTC), guests included; a message takes 1 to 6"
    )
    day_tokens: int = Field(1_500_000, ge=1, description="Tokens of hosted models for one account in a day")
    day_money: MoneyADay = Field(
        Decimal("2.00"), description="Money for hosted models for one account in a day, in EUR"
    )
    shop_day_calls: int = Field(
        200_000,
        ge=1,
        description="Calls of hosted models of the whole shop in a day; guests together may take half of these three",
    )
    shop_day_tokens: int = Field(50_000_000, ge=1, description="Tokens of hosted models for the whole shop in a day")
    shop_day_money: MoneyADay = Field(
        Decimal("50.00"), description="Money for hosted models for the whole shop in a day, in EUR"
    )
    smtp_url: str = Field(
        "", repr=False, description="smtp+starttls://user:password@host:587, smtps://…, or smtp:// on loopback"
    )
    mail_from: str = Field("shop@localhost", description="The sender of the shop's mail")
    sign_in_with: Providers = Field(
        (), repr=False, description="Who else may vouch for people: a JSON list, see docs/identity.md"
    )
    trusted_proxies: Words = Field((), description="Networks whose X-Forwarded-For is believed, separated by commas")
    redis_url: str = Field(
        "", repr=False, description="Counters shared between replicas; empty: in this process's memory"
    )
    tls_cert: Path | None = Field(None, description="Certificate for serving https directly")
    tls_key: Path | None = Field(None, description="Its private key")
    argon2_memory_kib: int = Field(19_456, ge=19_456, le=1_048_576, description="Memory of one password hash, in KiB")
    argon2_iterations: int = Field(2, ge=1, le=20, description="Passes of one password hash")
    log_level: str = Field("info", pattern="^(debug|info|warning|error)$", description="What the log tells")

    @field_validator("other_origins", "trusted_proxies", mode="before")
    @classmethod
    def _split(cls, value: object) -> object:
        return tuple(w.strip() for w in value.split(",") if w.strip()) if isinstance(value, str) else value

    @field_validator("sign_in_with", mode="before")
    @classmethod
    def _read_providers(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        try:
            entries = json.loads(value or "[]")
        except ValueError:
            raise ValueError("it is no JSON") from None
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise ValueError('it reads like [{"use": "google", "client_id": "…", "client_secret": "…"}]')
        return providers_from(entries)

    @property
    def is_demo(self) -> bool:
        return self.mode is Mode.DEMO

    @property
    def is_https(self) -> bool:
        return urlsplit(self.origin).scheme == "https"

    @property
    def database(self) -> str:
        return self.database_url or f"sqlite:///{self.data_folder / 'shop.db'}"

    @property
    def keys(self) -> Path:
        return self.key_file or self.data_folder / "keys.json"

    @property
    def checkpoints(self) -> Path:
        return self.checkpoint_folder or self.data_folder / "checkpoints"

    @property
    def origins(self) -> tuple[str, ...]:
        return (self.origin, *self.other_origins)

    def demo_mode(self) -> DemoMode | None:
        """The proof that demo-only things may be shown; ``None`` outside demo mode."""
        return DemoMode(since=datetime.now(UTC)) if self.is_demo else None

    def check(self) -> "Settings":
        """These settings, or :class:`SettingsRefused` with what to change."""
        for origin in self.origins:
            parts = urlsplit(origin)
            if parts.scheme == "http" and parts.hostname not in LOOPBACK:
                raise SettingsRefused(
                    f"COUNTERSIGN_ORIGIN is {origin}: plain http is served on loopback only. Use https."
                )
        if (self.tls_cert is None) != (self.tls_key is None):
            raise SettingsRefused("COUNTERSIGN_TLS_CERT and COUNTERSIGN_TLS_KEY go together: set both or neither.")
        if self.is_demo and not all(urlsplit(o).hostname in LOOPBACK for o in self.origins):
            raise SettingsRefused("Demo mode shows its customers' codes, so it is served on loopback only.")
        if not self.is_demo and not self.smtp_url:
            raise SettingsRefused("Outside demo mode COUNTERSIGN_SMTP_URL must be set: people confirm by mail.")
        for provider in self.sign_in_with:
            if provider.is_plain and not self.is_demo:
                raise SettingsRefused(f"COUNTERSIGN_SIGN_IN_WITH: {provider.name} is asked over plain http. Use https.")
        for what in ("calls", "tokens", "money"):
            if getattr(self, f"day_{what}") > getattr(self, f"shop_day_{what}"):
                name = f"DAY_{what.upper()}"
                raise SettingsRefused(
                    f"COUNTERSIGN_{name} is more than COUNTERSIGN_SHOP_{name}: lower it, or raise that."
                )
        for name, url in (("DATABASE", self.database), ("MIGRATION", self.migration_url)):
            if not self.is_demo and url.startswith("postgresql") and not _is_private(url):
                raise SettingsRefused(f"COUNTERSIGN_{name}_URL leaves this machine without sslmode=verify-full.")
        return self


def read_settings(**given: object) -> Settings:
    """Read and check the settings; arguments beat the environment. :class:`SettingsRefused` names the setting."""
    try:
        return Settings(**given).check()  # type: ignore[arg-type]
    except ValidationError as error:
        first = error.errors()[0]
        name = "COUNTERSIGN_" + "_".join(str(part) for part in first["loc"]).upper()
        raise SettingsRefused(f"{name}: {first['msg']}.") from error


def demo_or_real() -> Settings:
    """The settings as they are; in a folder where only a demo has run, those of the demo. For the command line."""
    try:
        return read_settings()
    except SettingsRefused:
        settings = read_settings(mode="demo")
        if not settings.keys.exists():
            raise
        return settings


def _is_private(url: str) -> bool:
    host = urlsplit(url).hostname
    # A bare name without a dot is a neighbour in the same private network (docker-compose's "database").
    return host is None or host in LOOPBACK or "." not in host or "sslmode=verify-full" in url
