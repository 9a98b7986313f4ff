"""Where a paper was posted, and what was thought of it, is found by the paper"""

from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_deliveries_paper", "deliveries", ["paper_id", "posted_at"])
    op.create_index("ix_votes_paper_id", "votes", ["paper_id"])
