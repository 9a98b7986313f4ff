"""Channels that take papers from all sources store none in particular, so that a new source reaches them"""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

CHANNELS = sa.table("channels", sa.column("id", sa.Integer), sa.column("settings", sa.JSON))
#: The sources that there were until now.
ALL = {"huggingface", "arxiv"}


def upgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(CHANNELS.c.id, CHANNELS.c.settings)).all():
        if set(row.settings.get("sources", ())) == ALL:
            settings = {name: value for name, value in row.settings.items() if name != "sources"}
            connection.execute(sa.update(CHANNELS).where(CHANNELS.c.id == row.id).values(settings=settings))
