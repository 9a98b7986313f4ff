"""Look-ups go on where the last one stopped, and one that takes long lets other posts of its channel pass"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("look_up_cursor", sa.Text(), nullable=False, server_default=""))
    op.add_column("posts", sa.Column("look_up_began_at", sqltypes.UTCDateTime(), nullable=True))
    op.add_column("posts", sa.Column("late", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.drop_index("uq_posts_in_flight", "posts")
    op.create_index(
        "uq_posts_in_flight",
        "posts",
        ["channel_id"],
        unique=True,
        postgresql_where=sa.text("state = 'leased'"),
        sqlite_where=sa.text("state = 'leased'"),
    )
