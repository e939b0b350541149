"""The switches of the assistant: what is stopped, by whom, when and why, and how soon it had its effect."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    # No row-level security: whether the assistant is stopped must be visible to every session in which it asks.
    op.create_table(
        "assistant_switches",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("in_force", sa.String(length=140), nullable=True),
        sa.Column("reach", sa.String(length=16), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("asks", sa.String(length=64), nullable=False),
        sa.Column("customer_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.String(length=240), nullable=False),
        sa.Column("stopped_by", sa.Uuid(), nullable=False),
        sa.Column("stopped_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("let_on_by", sa.Uuid(), nullable=True),
        sa.Column("let_on_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("calls_refused", sa.Integer(), server_default="0", nullable=False),
        sa.Column("answers_cut", sa.Integer(), server_default="0", nullable=False),
        sa.Column("tried_since", sa.Integer(), server_default="0", nullable=False),
        sa.ForeignKeyConstraint(["customer_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("in_force"),
    )
    with op.batch_alter_table("assistant_switches", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_assistant_switches_customer_id"), ["customer_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_assistant_switches_stopped_at"), ["stopped_at"], unique=False)
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_table("assistant_switches")
