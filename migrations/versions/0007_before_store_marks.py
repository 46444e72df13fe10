"""Marks of the key store's secrets, so that a wrong one is refused at the start. Before the release.

The release before does not know the table and does without it.
"""

from alembic import op

revision = "0007"
down_revision = "0006"

UPGRADE = """
-- Eight bytes derived from a secret of the key store, which tell it from another and nothing of it. Writer: keys/store_marks, at the
-- first start that finds none. Never changed: with another look-up key or pepper nothing that is here would be found or fit again.
CREATE TABLE keys.store_marks (
  name    text  NOT NULL,
  mark    bytea NOT NULL,
  kept_at timestamptz NOT NULL DEFAULT now(),
  CONSTRAINT store_marks_pkey PRIMARY KEY (name),
  CONSTRAINT store_marks_name CHECK (name IN ('lookup', 'pepper')),
  CONSTRAINT store_marks_mark CHECK (octet_length(mark) = 8)
);
GRANT SELECT ON keys.store_marks TO gapura_web;
GRANT INSERT ON keys.store_marks TO gapura_worker;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE keys.store_marks")
