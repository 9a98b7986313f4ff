"""The first schema"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlmodel.sql import sqltypes

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

JSON_TYPE = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "counters",
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.execute("INSERT INTO counters (name, value) VALUES ('change', 0), ('web_message', 0)")
    op.create_table(
        "papers",
        sa.Column("id", sqltypes.AutoString(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("abstract", sa.Text(), nullable=False),
        sa.Column("authors", JSON_TYPE, nullable=False),
        sa.Column("categories", JSON_TYPE, nullable=False),
        sa.Column("keywords", JSON_TYPE, nullable=False),
        sa.Column("summary", sa.Text(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=True),
        sa.Column("featured_on", sa.Date(), nullable=True),
        sa.Column("sources", JSON_TYPE, nullable=False),
        sa.Column("upvotes", sa.Integer(), nullable=False),
        sa.Column("comments", sa.Integer(), nullable=False),
        sa.Column("stars", sa.Integer(), nullable=False),
        sa.Column("models", sa.Integer(), nullable=False),
        sa.Column("submitter", sqltypes.AutoString(), nullable=False),
        sa.Column("organization", sqltypes.AutoString(), nullable=False),
        sa.Column("organization_name", sqltypes.AutoString(), nullable=False),
        sa.Column("code_url", sa.Text(), nullable=False),
        sa.Column("project_url", sa.Text(), nullable=False),
        sa.Column("thumbnail_url", sa.Text(), nullable=False),
        sa.Column("author_comment", sa.Text(), nullable=False),
        sa.Column("listed_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("listed_change", sa.BigInteger(), nullable=True),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("matched_revision", sa.Integer(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_papers")),
    )
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.create_index("ix_papers_change", ["change"], unique=True)
        batch_op.create_index("ix_papers_listed_at", ["listed_at"], unique=False)
        batch_op.create_index(
            "ix_papers_unmatched",
            ["listed_change"],
            unique=False,
            postgresql_where=sa.text("listed_change IS NOT NULL AND matched_revision < revision"),
            sqlite_where=sa.text("listed_change IS NOT NULL AND matched_revision < revision"),
        )

    op.create_table(
        "source_days",
        sa.Column("source", sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("validator", sa.Text(), nullable=True),
        sa.Column("read_at", sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("source", "day", name=op.f("pk_source_days")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("last_success_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_failure_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_error", sa.Text(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("read_through", sa.Date(), nullable=True),
        sa.Column("retry_at", sqltypes.UTCDateTime(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    op.create_table(
        "web_messages",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel", sqltypes.AutoString(), nullable=False),
        sa.Column("key", sqltypes.AutoString(), nullable=False),
        sa.Column("reply_to", sa.Integer(), nullable=True),
        sa.Column("message", JSON_TYPE, nullable=False),
        sa.Column("posted_at", sqltypes.UTCDateTime(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_web_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_web_messages_key")),
    )
    with op.batch_alter_table("web_messages", schema=None) as batch_op:
        batch_op.create_index("ix_web_messages_channel", ["channel", "id"], unique=False)

    op.create_table(
        "workspaces",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("platform", sqltypes.AutoString(), nullable=False),
        sa.Column("external_id", sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.CheckConstraint("platform IN ('slack', 'discord', 'web')", name=op.f("ck_workspaces_platform")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_workspaces")),
        sa.UniqueConstraint("platform", "external_id", name=op.f("uq_workspaces_platform_external_id")),
    )
    op.create_table(
        "channels",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("workspace_id", sa.Integer(), nullable=False),
        sa.Column("external_id", sqltypes.AutoString(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("time_zone", sqltypes.AutoString(), nullable=False),
        sa.Column("schedule", sqltypes.AutoString(), nullable=False),
        sa.Column("settings", JSON_TYPE, nullable=False),
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("paused_until", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("next_digest_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("instant_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("post_after", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("last_number", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('active', 'paused', 'broken')", name=op.f("ck_channels_state")),
        sa.ForeignKeyConstraint(
            ["workspace_id"], ["workspaces.id"], name=op.f("fk_channels_workspace_id_workspaces"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_channels")),
        sa.UniqueConstraint("workspace_id", "external_id", name=op.f("uq_channels_workspace_id_external_id")),
    )
    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.create_index("ix_channels_instant_at", ["instant_at"], unique=False)
        batch_op.create_index("ix_channels_next_digest_at", ["next_digest_at"], unique=False)

    op.create_table(
        "listings",
        sa.Column("source", sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("paper_id", sqltypes.AutoString(), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_listings_paper_id_papers"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("source", "day", "paper_id", name=op.f("pk_listings")),
    )
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.create_index("ix_listings_paper_id", ["paper_id"], unique=False)

    op.create_table(
        "digests",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("kind", sqltypes.AutoString(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("style", sqltypes.AutoString(), nullable=False),
        sa.Column("topics", JSON_TYPE, nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("shown", sa.Integer(), nullable=False),
        sa.Column("planned_at", sqltypes.UTCDateTime(), nullable=False),
        sa.CheckConstraint("kind IN ('scheduled', 'instant', 'requested', 'backfill')", name=op.f("ck_digests_kind")),
        sa.CheckConstraint("style IN ('compact', 'cards', 'threads')", name=op.f("ck_digests_style")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_digests_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_digests")),
    )
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.create_index("ix_digests_channel_id", ["channel_id"], unique=False)

    op.create_table(
        "subscriptions",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("name", sqltypes.AutoString(), nullable=False),
        sa.Column("query", sa.Text(), nullable=False),
        sa.Column("min_upvotes", sa.Integer(), nullable=True),
        sa.Column("instant", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("created_by", sqltypes.AutoString(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("removed_at", sqltypes.UTCDateTime(), nullable=True),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_subscriptions_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
        sa.UniqueConstraint("channel_id", "number", name=op.f("uq_subscriptions_channel_id_number")),
    )
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.create_index("ix_subscriptions_change", ["change"], unique=True)

    op.create_table(
        "baselines",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sqltypes.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["paper_id"], ["papers.id"], name=op.f("fk_baselines_paper_id_papers"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_baselines_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("subscription_id", "paper_id", name=op.f("pk_baselines")),
    )
    op.create_table(
        "posts",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.Column("content", JSON_TYPE, nullable=False),
        sa.Column("key", sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("due_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("lease", sqltypes.AutoString(), nullable=False),
        sa.Column("lease_until", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("attempt_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("first_attempt_at", sqltypes.UTCDateTime(), nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("look_ups", sa.Integer(), nullable=False),
        sa.Column("remote_id", sqltypes.AutoString(), nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("created_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("sent_at", sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('pending', 'leased', 'unknown', 'sent', 'failed')", name=op.f("ck_posts_state")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_posts_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_posts_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["parent_id"], ["posts.id"], name=op.f("fk_posts_parent_id_posts"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("key", name=op.f("uq_posts_key")),
    )
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_posts_due",
            ["due_at"],
            unique=False,
            postgresql_where=sa.text("state = 'pending'"),
            sqlite_where=sa.text("state = 'pending'"),
        )
        batch_op.create_index(
            "ix_posts_open",
            ["channel_id", "id"],
            unique=False,
            postgresql_where=sa.text("state IN ('pending', 'leased', 'unknown')"),
            sqlite_where=sa.text("state IN ('pending', 'leased', 'unknown')"),
        )
        batch_op.create_index(
            "uq_posts_in_flight",
            ["channel_id"],
            unique=True,
            postgresql_where=sa.text("state IN ('leased', 'unknown')"),
            sqlite_where=sa.text("state IN ('leased', 'unknown')"),
        )

    op.create_table(
        "deliveries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("channel_id", sa.Integer(), nullable=False),
        sa.Column("paper_id", sqltypes.AutoString(), nullable=False),
        sa.Column("state", sqltypes.AutoString(), nullable=False),
        sa.Column("instant", sa.Boolean(), nullable=False),
        sa.Column("queued_at", sqltypes.UTCDateTime(), nullable=False),
        sa.Column("digest_id", sa.Integer(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("post_id", sa.Integer(), nullable=True),
        sa.Column("posted_at", sqltypes.UTCDateTime(), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'posted', 'dropped')", name=op.f("ck_deliveries_state")),
        sa.ForeignKeyConstraint(
            ["channel_id"], ["channels.id"], name=op.f("fk_deliveries_channel_id_channels"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["digest_id"], ["digests.id"], name=op.f("fk_deliveries_digest_id_digests"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["paper_id"], ["papers.id"], name=op.f("fk_deliveries_paper_id_papers")),
        sa.ForeignKeyConstraint(
            ["post_id"], ["posts.id"], name=op.f("fk_deliveries_post_id_posts"), ondelete="SET NULL"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
        sa.UniqueConstraint("channel_id", "paper_id", name=op.f("uq_deliveries_channel_id_paper_id")),
    )
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.create_index("ix_deliveries_digest_id", ["digest_id"], unique=False)
        batch_op.create_index("ix_deliveries_post_id", ["post_id"], unique=False)
        batch_op.create_index("ix_deliveries_posted_at", ["channel_id", "posted_at"], unique=False)
        batch_op.create_index(
            "ix_deliveries_waiting",
            ["channel_id"],
            unique=False,
            postgresql_where=sa.text("state = 'queued' AND digest_id IS NULL"),
            sqlite_where=sa.text("state = 'queued' AND digest_id IS NULL"),
        )

    op.create_table(
        "delivery_topics",
        sa.Column("delivery_id", sa.Integer(), nullable=False),
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["delivery_id"],
            ["deliveries.id"],
            name=op.f("fk_delivery_topics_delivery_id_deliveries"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscriptions.id"],
            name=op.f("fk_delivery_topics_subscription_id_subscriptions"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("delivery_id", "subscription_id", name=op.f("pk_delivery_topics")),
    )
    with op.batch_alter_table("delivery_topics", schema=None) as batch_op:
        batch_op.create_index("ix_delivery_topics_subscription_id", ["subscription_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("delivery_topics", schema=None) as batch_op:
        batch_op.drop_index("ix_delivery_topics_subscription_id")

    op.drop_table("delivery_topics")
    with op.batch_alter_table("deliveries", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_deliveries_waiting",
            postgresql_where=sa.text("state = 'queued' AND digest_id IS NULL"),
            sqlite_where=sa.text("state = 'queued' AND digest_id IS NULL"),
        )
        batch_op.drop_index("ix_deliveries_posted_at")
        batch_op.drop_index("ix_deliveries_post_id")
        batch_op.drop_index("ix_deliveries_digest_id")

    op.drop_table("deliveries")
    with op.batch_alter_table("posts", schema=None) as batch_op:
        batch_op.drop_index(
            "uq_posts_in_flight",
            postgresql_where=sa.text("state IN ('leased', 'unknown')"),
            sqlite_where=sa.text("state IN ('leased', 'unknown')"),
        )
        batch_op.drop_index(
            "ix_posts_open",
            postgresql_where=sa.text("state IN ('pending', 'leased', 'unknown')"),
            sqlite_where=sa.text("state IN ('pending', 'leased', 'unknown')"),
        )
        batch_op.drop_index(
            "ix_posts_due", postgresql_where=sa.text("state = 'pending'"), sqlite_where=sa.text("state = 'pending'")
        )

    op.drop_table("posts")
    op.drop_table("baselines")
    with op.batch_alter_table("subscriptions", schema=None) as batch_op:
        batch_op.drop_index("ix_subscriptions_change")

    op.drop_table("subscriptions")
    with op.batch_alter_table("digests", schema=None) as batch_op:
        batch_op.drop_index("ix_digests_channel_id")

    op.drop_table("digests")
    with op.batch_alter_table("listings", schema=None) as batch_op:
        batch_op.drop_index("ix_listings_paper_id")

    op.drop_table("listings")
    with op.batch_alter_table("channels", schema=None) as batch_op:
        batch_op.drop_index("ix_channels_next_digest_at")
        batch_op.drop_index("ix_channels_instant_at")

    op.drop_table("channels")
    op.drop_table("workspaces")
    with op.batch_alter_table("web_messages", schema=None) as batch_op:
        batch_op.drop_index("ix_web_messages_channel")

    op.drop_table("web_messages")
    op.drop_table("sources")
    op.drop_table("source_days")
    with op.batch_alter_table("papers", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_papers_unmatched",
            postgresql_where=sa.text("listed_change IS NOT NULL AND matched_revision < revision"),
            sqlite_where=sa.text("listed_change IS NOT NULL AND matched_revision < revision"),
        )
        batch_op.drop_index("ix_papers_listed_at")
        batch_op.drop_index("ix_papers_change")

    op.drop_table("papers")
    op.drop_table("counters")
