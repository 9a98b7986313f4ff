"""The outbox and the listings are read through indexes, however many there have been"""

from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_index("ix_posts_open", "posts")
    op.drop_index("ix_posts_due", "posts")
    op.create_index("ix_posts_channel_state", "posts", ["channel_id", "state", "id"])
    op.create_index("ix_posts_state_due", "posts", ["state", "due_at"])
    op.create_index("ix_listings_day", "listings", ["day"])
