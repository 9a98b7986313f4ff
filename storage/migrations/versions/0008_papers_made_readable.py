"""Papers made readable, and names in their parts"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from bot.papers.names import read_names
from bot.text.readable import readable, readable_text, readable_title, tex_of
from storage.papers.papers import name_parts

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

JSON_TYPE = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
BATCH = 500  # rows read and written at a time
LONGEST = 100_000  # characters; whatever was kept was cut far below that

PAPERS = sa.table(
    "papers",
    sa.column("id", sa.String()),
    *(sa.column(name, sa.Text()) for name in ("title", "title_tex", "abstract", "summary", "organization_name")),
    sa.column("author_comment", sa.Text()),
    *(sa.column(name, JSON_TYPE) for name in ("authors", "keywords")),
)


def upgrade() -> None:
    """What papers say is read once, as it is from now on when they are taken in.

    Their change numbers stay: no topic is told of them again, and the search index has a new format anyway.
    """
    op.add_column("papers", sa.Column("title_tex", sa.Text(), nullable=False, server_default=""))
    connection = op.get_bind()
    changing = sa.update(PAPERS).where(PAPERS.c.id == sa.bindparam("paper_id"))
    after = ""
    while rows := connection.execute(
        sa.select(PAPERS).where(PAPERS.c.id > after).order_by(PAPERS.c.id).limit(BATCH)
    ).all():
        after = rows[-1].id
        connection.execute(
            changing.values({name: sa.bindparam(f"new_{name}", type_=PAPERS.c[name].type) for name in _read(rows[0])}),
            [{"paper_id": row.id, **{f"new_{name}": value for name, value in _read(row).items()}} for row in rows],
        )


def _read(row: sa.Row[Any]) -> dict[str, object]:
    return {
        "title": readable_title(row.title, LONGEST),
        "title_tex": tex_of(row.title, LONGEST),
        "abstract": readable_text(row.abstract, LONGEST),
        "authors": [name_parts(name) for name in read_names(row.authors)],
        "keywords": [readable(keyword, LONGEST) for keyword in row.keywords],
        "summary": readable(row.summary, LONGEST),
        "organization_name": readable(row.organization_name, LONGEST),
        "author_comment": readable(row.author_comment, LONGEST),
    }
