"""When it was written until when posts wait"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("noted_at", sqltypes.UTCDateTime(), nullable=True))
