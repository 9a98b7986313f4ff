"""People who log in: accounts, sessions, invitations; and who changed what"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("role", sqltypes.AutoString(), nullable=False),
        sa.Column("reader", sqltypes.AutoString(), nullable=False),
        sa.Column("origin", sqltypes.AutoString(), nullable=False),
        sa.Column("password", sa.Text(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("role IN ('reader', 'manager')", name=op.f("ck_accounts_role")),
        sa.CheckConstraint("origin IN ('added', 'setting', 'proxy')", name=op.f("ck_accounts_origin")),
        sa.PrimaryKeyConstraint("id", name="pk_accounts"),
        sa.UniqueConstraint("name", name="uq_accounts_name"),
        sa.UniqueConstraint("reader", name="uq_accounts_reader"),
    )
    op.create_table(
        "sessions",
        sa.Column("key", sqltypes.AutoString(), nullable=False),
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("begun_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("seen_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("agent", sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_sessions_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("key", name="pk_sessions"),
    )
    op.create_index("ix_sessions_account_id", "sessions", ["account_id"])
    op.create_index("ix_sessions_begun_at", "sessions", ["begun_at"])
    op.create_table(
        "invitations",
        sa.Column("account_id", sa.Integer(), nullable=False),
        sa.Column("key", sqltypes.AutoString(), nullable=False),
        sa.Column("made_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("expires_at", sqltypes.UTCDateTime(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name="fk_invitations_account_id_accounts", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("account_id", name="pk_invitations"),
        sa.UniqueConstraint("key", name="uq_invitations_key"),
    )
    op.create_table(
        "audit_lines",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("via", sqltypes.AutoString(), nullable=False),
        sa.Column("person", sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("platform", sqltypes.AutoString(), nullable=False),
        sa.Column("workspace", sqltypes.AutoString(), nullable=False),
        sa.Column("channel", sqltypes.AutoString(), nullable=False),
        sa.Column("channel_name", sqltypes.AutoString(), nullable=False),
        sa.Column("line", sa.Text(), nullable=False),
        sa.Column("outcome", sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("via IN ('web', 'slack', 'discord', 'terminal')", name=op.f("ck_audit_lines_via")),
        sa.CheckConstraint(
            "outcome IN ('begun', 'done', 'refused', 'failed', 'in doubt')", name=op.f("ck_audit_lines_outcome")
        ),
        sa.PrimaryKeyConstraint("id", name="pk_audit_lines"),
    )
    op.create_index("ix_audit_lines_at", "audit_lines", ["at"])
