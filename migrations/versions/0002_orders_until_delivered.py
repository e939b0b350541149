"""Orders until they are delivered: lines cancelled by themselves, items changed, further charges, carriers' notes."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, wall_off

OWNED = ("carrier_notes", "extra_charges")

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("orders", sa.Column("item_changes", sa.Integer(), server_default="0", nullable=False))
    op.add_column("order_lines", sa.Column("cancelled_at", sa.DateTime(timezone=True), nullable=True))
    op.create_table(
        "carrier_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.LargeBinary(), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "extra_charges",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(length=128), nullable=False),
        sa.Column("left_minor", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
    )
    for table in OWNED:
        op.create_index(f"ix_{table}_account_id", table, ["account_id"], unique=False)
        op.create_index(f"ix_{table}_order_id", table, ["order_id"], unique=False)
    wall_off(OWNED)
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_table("extra_charges")
    op.drop_table("carrier_notes")
    op.drop_column("order_lines", "cancelled_at")
    op.drop_column("orders", "item_changes")
