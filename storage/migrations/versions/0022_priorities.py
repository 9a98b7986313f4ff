"""What people wait for goes before digests whose time has come"""

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posts", sa.Column("priority", sa.Integer(), nullable=False, server_default=sa.text("1")))
    op.drop_index("ix_posts_state_due", "posts")
    op.create_index("ix_posts_state_due", "posts", ["state", "priority", "due_at"])
