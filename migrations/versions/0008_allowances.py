"""What the assistant's models have used of a day: of each account, of guests together, and of the whole shop."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, wall_off

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "account_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        *_counted(),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account_id", "day", name="one_row_an_account_and_day"),
    )
    with op.batch_alter_table("account_days", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_account_days_account_id"), ["account_id"], unique=False)
    op.create_table(
        "shop_days",
        sa.Column("who", sa.String(length=16), nullable=False),
        *_counted(),
        sa.PrimaryKeyConstraint("day", "who"),
    )
    wall_off(["account_days"])
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_table("shop_days")
    op.drop_table("account_days")


def _counted() -> list[sa.Column[object]]:
    numbers = ("tokens_in", "tokens_out", "own_tokens", "cost_micro")
    return [
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.BigInteger(), nullable=False) for name in numbers),
    ]
