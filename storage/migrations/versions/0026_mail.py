"""Mail: addresses that get what a channel gets, and the questions whether they want it"""

import sqlalchemy as sa
from alembic import op
from sqlmodel.sql import sqltypes

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ("workspaces", "saved_papers"):
        with op.batch_alter_table(table) as batch:
            batch.drop_constraint(op.f(f"ck_{table}_platform"), type_="check")
            batch.create_check_constraint(
                op.f(f"ck_{table}_platform"), "platform IN ('slack', 'discord', 'web', 'email')"
            )
    op.create_table(
        "mail_recipients",
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=False),
        sa.Column("email", sqltypes.AutoString(), nullable=False),
        sa.Column("content", sqltypes.AutoString(), nullable=False),
        sa.Column("added_by", sqltypes.AutoString(), nullable=False),
        sa.Column("nonce", sqltypes.AutoString(), nullable=False),
        sa.Column("asked_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("confirmed_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("ended_by", sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("content IN ('topics', 'day', 'week')", name=op.f("ck_mail_recipients_content")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_mail_recipients_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["follows"], ["channels.id"], name=op.f("fk_mail_recipients_follows_channels"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("channel_id", name=op.f("pk_mail_recipients")),
        sa.UniqueConstraint("follows", "content", "email", name=op.f("uq_mail_recipients_follows_content_email")),
    )
    op.create_table(
        "mail_questions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("follows", sa.Integer(), nullable=False),
        sa.Column("email", sqltypes.AutoString(), nullable=False),
        sa.Column("asked_at", sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_mail_questions")),
    )
    op.create_index("ix_mail_questions_asked_at", "mail_questions", ["asked_at"])
