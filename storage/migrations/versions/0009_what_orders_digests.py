"""What digests are ordered by: how many points a paper had, and in which channel a paper was saved"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("deliveries", sa.Column("points", sa.Integer(), nullable=True))
    # SQLite takes a reference only with a table, and tells nobody of a table's checks.
    platforms = sa.CheckConstraint("platform IN ('slack', 'discord', 'web')", name="ck_saved_papers_platform")
    with op.batch_alter_table("saved_papers", table_args=(platforms,)) as batch:
        batch.add_column(sa.Column("channel_id", sa.Integer(), nullable=True))
        batch.create_foreign_key(
            "fk_saved_papers_channel_id_channels", "channels", ["channel_id"], ["id"], ondelete="SET NULL"
        )
    op.create_index(
        "ix_saved_papers_channel_id",
        "saved_papers",
        ["channel_id"],
        postgresql_where=sa.text("channel_id IS NOT NULL"),
        sqlite_where=sa.text("channel_id IS NOT NULL"),
    )
