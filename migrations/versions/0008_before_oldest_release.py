"""Which releases may serve on this schema, so that the one before goes on beside the next. Before the release.

The release before does not know the table, and would not start anew on this revision.
"""

from alembic import op

revision = "0008"
down_revision = "0007"

UPGRADE = """
-- The revision that a release must know at least to serve here. Writer: revisions named "after", which take something away that
-- older releases use. One that is newer than a process knows is then no reason to stop it: what it needs is still there.
CREATE TABLE idp.oldest_release (
  only_row boolean NOT NULL DEFAULT true,
  revision text    NOT NULL,
  CONSTRAINT oldest_release_pkey PRIMARY KEY (only_row),
  CONSTRAINT oldest_release_one_row CHECK (only_row)
);
INSERT INTO idp.oldest_release (revision) VALUES ('0008');
GRANT SELECT ON idp.oldest_release TO gapura_web, gapura_auditor;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql("DROP TABLE idp.oldest_release")
