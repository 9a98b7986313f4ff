"""Papers and deliveries that were deleted because they are old"""

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "past_deliveries",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("paper", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["channels.id"],
            name=op.f("fk_past_deliveries_channel_id_channels"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("channel_id", "paper", name=op.f("pk_past_deliveries")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gone_papers",
        sa.Column("change", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("change", name=op.f("pk_gone_papers")),
    )
    op.create_index("ix_gone_papers_at", "gone_papers", ["at"])
