"""Processes say what they do"""

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("processes", sa.Column("role", sa.String(), nullable=False, server_default=sa.text("'all'")))
