"""Returns, exchanges and claims as cases; and whose account a clerk's grant concerns."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, wall_off

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "cases",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.String(length=12), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("problem", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("amount_minor", sa.Integer(), nullable=False),
        sa.Column("currency", sa.String(length=3), nullable=False),
        sa.Column("sku", sa.String(length=60), nullable=False),
        sa.Column("option", sa.String(length=80), nullable=False),
        sa.Column("paid_with", sa.String(length=40), nullable=False),
        sa.Column("charge_reference", sa.String(length=128), nullable=True),
        sa.Column("tracking", sa.String(length=40), nullable=False),
        sa.Column("decision", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.LargeBinary(), nullable=True),
        sa.Column("note", sa.LargeBinary(), nullable=True),
        sa.Column("grant_id", sa.Uuid(), nullable=True),
        sa.Column("settle_grant_id", sa.Uuid(), nullable=True),
        sa.Column("reviewed_by", sa.Uuid(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("grant_id"),
        sa.UniqueConstraint("number"),
        sa.UniqueConstraint("settle_grant_id"),
    )
    with op.batch_alter_table("cases", schema=None) as batch_op:
        for column in ("account_id", "opened_at", "order_id", "state"):
            batch_op.create_index(batch_op.f(f"ix_cases_{column}"), [column], unique=False)
    op.add_column("grants", sa.Column("whose", sa.Uuid(), nullable=True))
    wall_off(["cases"])
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_column("grants", "whose")
    op.drop_table("cases")
