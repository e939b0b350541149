"""Passkeys and their challenges."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, make_lookups, wall_off

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

OWNED = ("passkeys",)
LOOKUPS = {"countersign_account_by_passkey": "SELECT account_id FROM public.passkeys WHERE id_hash = $1"}


def upgrade() -> None:
    op.create_table(
        "passkeys",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("credential", sa.LargeBinary(), nullable=True),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("name", sa.LargeBinary(), nullable=True),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("can_be_copied", sa.Boolean(), nullable=False),
        sa.Column("is_copied", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        *_owned(),
        sa.UniqueConstraint("id_hash"),
    )
    op.create_table(
        "passkey_challenges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("handle_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("challenge", sa.LargeBinary(length=32), nullable=False),
        sa.Column("asked", sa.String(length=16), nullable=False),
        sa.Column("subject", sa.String(length=64), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("handle_hash"),
    )
    with op.batch_alter_table("passkey_challenges", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_passkey_challenges_ends_at"), ["ends_at"], unique=False)
    for table in OWNED:
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.create_index(batch_op.f(f"ix_{table}_account_id"), ["account_id"], unique=False)
    wall_off(OWNED)
    make_lookups(LOOKUPS)
    grant_to_app(append_only=["audit_entries"], lookups=LOOKUPS)


def downgrade() -> None:
    op.drop_table("passkey_challenges")
    for table in reversed(OWNED):
        op.drop_table(table)
    if op.get_bind().dialect.name == "postgresql":
        for name in LOOKUPS:
            op.execute(f"DROP FUNCTION {name}(bytea)")


def _owned() -> list[sa.Column[object] | sa.schema.Constraint]:
    return [
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    ]
