"""Channels are listed by workspace and name, a page at a time; those of the web's own are archived and deleted"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

_MARKED = ("archived_at", "deleted_at")


def upgrade() -> None:
    for column in _MARKED:
        op.add_column("channels", sa.Column(column, sqltypes.UTCDateTime(), nullable=True))
        marked = sa.text(f"{column} IS NOT NULL")
        op.create_index(f"ix_channels_{column}", "channels", [column], postgresql_where=marked, sqlite_where=marked)
    op.create_index("ix_channels_name", "channels", ["workspace_id", "name", "id"])
    op.create_index("ix_workspaces_name", "workspaces", ["platform", "name", "id"])
