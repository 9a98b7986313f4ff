"""What hangs on a paper is found by it when it is deleted"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_baselines_paper_id", "baselines", ["paper_id"])
    op.create_index("ix_saved_papers_paper_id", "saved_papers", ["paper_id"])
