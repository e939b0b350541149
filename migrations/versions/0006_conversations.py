"""Conversations: who speaks for the shop, why an answer broke off, and what customers think of answers."""

import sqlalchemy as sa
from alembic import op

from migrations.row_security import grant_to_app, wall_off

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("conversations", sa.Column("clerk_name", sa.LargeBinary(), nullable=True))
    op.add_column("messages", sa.Column("ended", sa.String(length=16), server_default="", nullable=False))
    op.add_column("messages", sa.Column("speaker", sa.LargeBinary(), nullable=True))
    op.create_table(
        "answer_ratings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("conversation_id", sa.Uuid(), nullable=False),
        sa.Column("message_id", sa.Uuid(), nullable=False),
        sa.Column("is_good", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("words", sa.LargeBinary(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("account_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["conversation_id"], ["conversations.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("message_id"),
    )
    with op.batch_alter_table("answer_ratings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_answer_ratings_account_id"), ["account_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_ratings_at"), ["at"], unique=False)
        batch_op.create_index(batch_op.f("ix_answer_ratings_conversation_id"), ["conversation_id"], unique=False)
    wall_off(["answer_ratings"])
    grant_to_app(append_only=["audit_entries"])


def downgrade() -> None:
    op.drop_table("answer_ratings")
    op.drop_column("messages", "speaker")
    op.drop_column("messages", "ended")
    op.drop_column("conversations", "clerk_name")
