"""Processes say which platforms do not let them in"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    kept_as = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
    op.add_column("processes", sa.Column("refusals", kept_as, nullable=False, server_default=sa.text("'[]'")))
