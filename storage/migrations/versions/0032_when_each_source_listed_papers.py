"""When each source listed a paper, and with which change"""

from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

NEW: dict[str, sa.types.TypeEngine[Any]] = {"listed_at": sqltypes.UTCDateTime(), "listed_change": sa.BigInteger()}
#: Of a listing whose paper was listed by nobody. There should be none.
UNKNOWN = {"listed_at": datetime(1970, 1, 1, tzinfo=UTC), "listed_change": 0}


def upgrade() -> None:
    """All that is there counts as listed when its paper first was, so that it is news to nobody."""
    papers = sa.table("papers", sa.column("id", sa.String()), *map(sa.column, NEW, NEW.values()))
    listings = sa.table("listings", sa.column("paper_id", sa.String()), *map(sa.column, NEW, NEW.values()))
    for name, kind in NEW.items():
        op.add_column("listings", sa.Column(name, kind, nullable=True))
    values = {}
    for name, kind in NEW.items():
        of_paper = sa.select(papers.c[name]).where(papers.c.id == listings.c.paper_id).scalar_subquery()
        values[name] = sa.func.coalesce(of_paper, sa.literal(UNKNOWN[name], kind))
    op.execute(sa.update(listings).values(values))
    with op.batch_alter_table("listings") as batch:
        for name, kind in NEW.items():
            batch.alter_column(name, existing_type=kind, nullable=False)
        batch.create_index("ix_listings_listed_at", ["listed_at"])
