"""Votes and saved papers say whether a reaction made them, which takes them back when it is taken away"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("votes", "saved_papers"):
        op.add_column(table, sa.Column("by_reaction", sa.Boolean(), nullable=False, server_default=sa.false()))
