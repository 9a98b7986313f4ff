"""Installations of the app, and those that are under way"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql import sqltypes

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

JSON_TYPE = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "installations",
        sa.Column("workspace", sqltypes.AutoString(), nullable=False),
        sa.Column("enterprise", sqltypes.AutoString(), nullable=False),
        sa.Column("team", sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("app_id", sqltypes.AutoString(), nullable=False),
        sa.Column("bot_user", sqltypes.AutoString(), nullable=False),
        sa.Column("scopes", JSON_TYPE, nullable=False),
        sa.Column("installed_by", sqltypes.AutoString(), nullable=False),
        sa.Column("installed_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sealed", sa.Text(), nullable=False),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("renew_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("lease", sqltypes.AutoString(), nullable=False),
        sa.Column("lease_until", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("workspace", name=op.f("pk_installations")),
    )
    op.create_index(op.f("ix_installations_renew_at"), "installations", ["renew_at"], unique=False)
    op.create_table(
        "oauth_states",
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("state", name=op.f("pk_oauth_states")),
    )
    op.create_index(op.f("ix_oauth_states_expires_at"), "oauth_states", ["expires_at"], unique=False)
