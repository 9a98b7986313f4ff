"""How long posts were tried, and looked for, while somebody was there to do it"""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in ("tried_for", "looked_for"):
        op.add_column("posts", sa.Column(column, sa.Float(), nullable=False, server_default=sa.text("0")))
