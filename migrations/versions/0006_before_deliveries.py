"""Deliveries are taken in turn by client, and a withdrawal that could not be told says so. Before the release.

Both new columns are empty for the release before, which reads neither; it claims by time, and without its index it
walks the few rows that wait. The tables are small and written by workers only, so the locks last for milliseconds.
"""

from alembic import op

revision = "0006"
down_revision = "0005"

UPGRADE = """
-- When we stopped trying to tell the agency, and after how many attempts: the citizen's page says both.
ALTER TABLE idp.withdrawals
  ADD COLUMN not_told_at timestamptz,
  ADD COLUMN attempts    smallint NOT NULL DEFAULT 0;

CREATE INDEX deliveries_next ON idp.deliveries (client_no, next_attempt_at) WHERE given_up_at IS NULL;   -- each client's next
DROP INDEX idp.deliveries_due;
"""
DOWNGRADE = """
CREATE INDEX deliveries_due ON idp.deliveries (next_attempt_at) WHERE given_up_at IS NULL;
DROP INDEX idp.deliveries_next;
ALTER TABLE idp.withdrawals
  DROP COLUMN not_told_at,
  DROP COLUMN attempts;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(DOWNGRADE)
