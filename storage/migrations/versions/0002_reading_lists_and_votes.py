"""Reading lists, votes, and who may manage a workspace"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("papers", sa.Column("datasets", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("papers", sa.Column("spaces", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("workspaces", sa.Column("role", sqltypes.AutoString(), nullable=False, server_default=""))
    op.add_column("workspaces", sa.Column("left_at", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("workspaces", sa.Column("stopped_for", sa.Text(), nullable=False, server_default=""))
    op.create_index(
        "ix_posts_remote_id",
        "posts",
        ["channel_id", "remote_id"],
        unique=False,
        postgresql_where=sa.text("remote_id IS NOT NULL"),
        sqlite_where=sa.text("remote_id IS NOT NULL"),
    )
    op.create_table(
        "saved_papers",
        sa.Column("platform", sqltypes.AutoString(), nullable=False),
        sa.Column("workspace", sqltypes.AutoString(), nullable=False),
        sa.Column("person", sqltypes.AutoString(), nullable=False),
        sa.Column("paper_id", sqltypes.AutoString(), nullable=False),
        sa.Column("saved_at", sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("platform IN ('slack', 'discord', 'web')", name=op.f("ck_saved_papers_platform")),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_saved_papers_paper_id_papers")),
        sa.PrimaryKeyConstraint("platform", "workspace", "person", "paper_id", name=op.f("pk_saved_papers")),
    )
    op.create_table(
        "votes",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sqltypes.AutoString(), nullable=False),
        sa.Column("person", sqltypes.AutoString(), nullable=False),
        sa.Column("vote", sqltypes.AutoString(), nullable=False),
        sa.Column("voted_at", sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("vote IN ('up', 'down')", name=op.f("ck_votes_vote")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_votes_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_votes_paper_id_papers")),
        sa.PrimaryKeyConstraint("channel_id", "paper_id", "person", name=op.f("pk_votes")),
    )
