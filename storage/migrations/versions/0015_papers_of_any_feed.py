"""Papers that arXiv does not have, what papers are also known as, and feeds that people add"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql.sqltypes import UTCDateTime

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

JSON_TYPE = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    for name in ("doi", "page_url", "file_url", "venue"):
        op.add_column("papers", sa.Column(name, sa.Text(), nullable=False, server_default=""))
    op.add_column("papers", sa.Column("other_ids", JSON_TYPE, nullable=False, server_default=sa.text("'[]'")))
    op.create_table(
        "paper_ids",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("paper_id", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name="fk_paper_ids_paper_id_papers", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_paper_ids"),
    )
    op.create_index("ix_paper_ids_paper_id", "paper_ids", ["paper_id"])
    op.create_table(
        "feeds",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("added_by", sa.String(), nullable=False),
        sa.Column("added_at", UTCDateTime(), nullable=False),
        sa.Column("from_settings", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_feeds"),
        sa.UniqueConstraint("address", name="uq_feeds_address"),
    )
