"""Digests in the style brief, which new channels have"""

from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("digests") as batch:
        batch.drop_constraint(op.f("ck_digests_style"), type_="check")
        batch.create_check_constraint(op.f("ck_digests_style"), "style IN ('brief', 'compact', 'cards', 'threads')")
