"""The API's first answers: an Idempotency-Key gets the same one again for a day. Which app began a conversation."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, wall_off

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "keyed_answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.Column("key", sa.LargeBinary(length=32), nullable=False),
        sa.Column("digest", sa.LargeBinary(length=32), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=True),
        sa.Column("kind", sa.String(length=60), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("claimed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("key"),
    )
    for column in ("account_id", "claimed_at"):
        op.create_index(op.f(f"ix_keyed_answers_{column}"), "keyed_answers", [column])
    op.add_column("conversations", sa.Column("begun_by", sa.String(length=40), nullable=True))
    wall_off(["keyed_answers"])
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_column("conversations", "begun_by")
    op.drop_table("keyed_answers")
