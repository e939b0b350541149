"""Identities elsewhere that sign in to accounts, and the handshakes with their providers that are used up."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, make_lookups, wall_off

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

LOOKUPS = {
    "countersign_account_by_outside_identity": (
        "SELECT account_id FROM public.outside_identities WHERE subject_tag = $1"
    ),
}


def upgrade() -> None:
    op.create_table(
        "outside_identities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("subject_tag", sa.LargeBinary(length=32), nullable=False),
        sa.Column("shown_as", sa.LargeBinary(), nullable=True),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("subject_tag"),
    )
    with op.batch_alter_table("outside_identities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_outside_identities_account_id"), ["account_id"], unique=False)
    op.create_table(
        "spent_handshakes",
        sa.Column("id_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id_hash"),
    )
    with op.batch_alter_table("spent_handshakes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_spent_handshakes_ends_at"), ["ends_at"], unique=False)
    wall_off(["outside_identities"])
    make_lookups(LOOKUPS)
    grant_to_app(append_only=["audit_entries"], lookups=LOOKUPS)


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        for name in LOOKUPS:
            op.execute(f"DROP FUNCTION IF EXISTS {name}(bytea)")
    op.drop_table("spent_handshakes")
    op.drop_table("outside_identities")
