"""Posts are found by what they belong to, so that deleting a channel does not read all of them"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("parent_id", "digest_id"):
        op.create_index(
            f"ix_posts_{column}",
            "posts",
            [column],
            unique=False,
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
            sqlite_where=sa.text(f"{column} IS NOT NULL"),
        )
