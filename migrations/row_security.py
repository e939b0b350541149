"""The second wall on PostgreSQL: row-level security on every table whose rows belong to somebody.

``countersign.account`` and ``countersign.scope`` are set for each transaction by :mod:`auth.database`. Without them no
row is there. The policies are forced, so the tables' owner obeys them too; only a superuser does not.
"""

from collections.abc import Iterable, Mapping

from alembic import op

APP_ROLE = "countersign_app"
# An empty setting is what PostgreSQL leaves behind once a transaction-local one has ended; it must not be cast.
OWN = "{column} = NULLIF(current_setting('countersign.account', true), '')::uuid"
HOUSE = "current_setting('countersign.scope', true) = 'house'"

# The first three look-ups that come before anybody is known; later migrations bring their own. Each answers with one
# key, and sees the house while it runs.
LOOKUPS = {
    "countersign_account_by_email_tag": "SELECT id FROM public.accounts WHERE email_tag = $1",
    "countersign_account_by_session": "SELECT account_id FROM public.sign_in_sessions WHERE token_hash = $1",
    "countersign_account_by_one_time_token": "SELECT account_id FROM public.one_time_tokens WHERE token_hash = $1",
}


def wall_off(tables: Iterable[str], *, column: str = "account_id") -> None:
    """Switch row-level security on for these tables; a migration that adds an owned table calls this for it."""
    if not _is_postgres():
        return
    for table in tables:
        rule = f"{HOUSE} OR {OWN.format(column=column)}"
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({rule}) WITH CHECK ({rule})")


def make_lookups(lookups: Mapping[str, str] = LOOKUPS) -> None:
    """Create the look-ups; nobody but the app's role (and the owner) may call them. A migration that adds one names it
    here and in :func:`grant_to_app`: those before it can't grant what is not there yet.
    """
    if not _is_postgres():
        return
    for name, query in lookups.items():
        # A SET clause on the function would say this in a word, and needs a superuser for settings of our own.
        body = (
            "DECLARE found uuid; before text := current_setting('countersign.scope', true); "
            "BEGIN PERFORM set_config('countersign.scope', 'house', true); "
            f"found := ({query}); "
            "PERFORM set_config('countersign.scope', coalesce(before, ''), true); RETURN found; END"
        )
        op.execute(
            f"CREATE FUNCTION {name}(bytea) RETURNS uuid LANGUAGE plpgsql SECURITY DEFINER "
            f"SET search_path = pg_catalog, pg_temp AS $$ {body} $$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {name}(bytea) FROM PUBLIC")


def grant_to_app(*, append_only: Iterable[str] = (), lookups: Iterable[str] = LOOKUPS) -> None:
    """Give the app's role what it needs, where there is such a role; audit entries it can write and never change."""
    if not _is_postgres():
        return
    grants = [
        f"GRANT USAGE ON SCHEMA public TO {APP_ROLE}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA public TO {APP_ROLE}",
        f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO {APP_ROLE}",
        f"REVOKE INSERT, UPDATE, DELETE ON alembic_version FROM {APP_ROLE}",
        *(f"REVOKE UPDATE, DELETE ON {table} FROM {APP_ROLE}" for table in append_only),
        *(f"GRANT EXECUTE ON FUNCTION {name}(bytea) TO {APP_ROLE}" for name in lookups),
    ]
    body = "; ".join(grants)
    op.execute(
        f"DO $grants$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{APP_ROLE}') THEN {body}; END IF; "
        "END $grants$"
    )


def _is_postgres() -> bool:
    return op.get_bind().dialect.name == "postgresql"
