"""People's own topics: whose own channel a channel is, where a topic was named, and where a paper was read instead"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "personal_channels",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("person", sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("pings", sa.Boolean(), nullable=False),
        sa.Column("told", sa.Text(), nullable=False),
        sa.Column("stopped_at", sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name="fk_personal_channels_channel_id_channels", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", name="pk_personal_channels"),
    )
    op.create_index("ix_personal_channels_person", "personal_channels", ["person"])
    with op.batch_alter_table("subscriptions") as batch:
        batch.add_column(sa.Column("named_in", sa.Integer(), nullable=True))
        batch.add_column(sa.Column("quiet", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch.create_foreign_key(
            "fk_subscriptions_named_in_channels", "channels", ["named_in"], ["id"], ondelete="CASCADE"
        )
    op.create_index(
        "ix_subscriptions_named_in",
        "subscriptions",
        ["named_in"],
        postgresql_where=sa.text("named_in IS NOT NULL"),
        sqlite_where=sa.text("named_in IS NOT NULL"),
    )
    # Without a reference: SQLite would have to write the largest table anew.
    op.add_column("deliveries", sa.Column("read_in", sa.Integer(), nullable=True))
