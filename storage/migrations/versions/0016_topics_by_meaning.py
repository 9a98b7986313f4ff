"""Topics say by which embedding model they go"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("subscriptions", sa.Column("embedding_model", sqltypes.AutoString()))
    op.create_index(
        "ix_subscriptions_embedding_model",
        "subscriptions",
        ["embedding_model"],
        postgresql_where=sa.text("embedding_model IS NOT NULL"),
        sqlite_where=sa.text("embedding_model IS NOT NULL"),
    )
