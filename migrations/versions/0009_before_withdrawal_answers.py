"""What an agency answers to a withdrawal, when it is reminded, and in which order its programs read of it. Before the
release.

The release before reads none of the columns; what it inserts is reminded by the default, and numbered by the next
worker that knows of it. The table is small and rarely written, so the locks last for milliseconds.
"""

from alembic import op

revision = "0009"
down_revision = "0008"

UPGRADE = """
ALTER TABLE idp.withdrawals
  ADD COLUMN kept_at   timestamptz,        -- when the agency named the law in kept_under
  ADD COLUMN remind_at timestamptz DEFAULT now() + interval '24 hours',   -- the next reminder; NULL: none is due any more
  ADD COLUMN event_no  bigint;             -- its place in the list that agencies' programs read; NULL: not numbered yet

-- Only ever drawn by the one worker that holds the lock 'withdrawal events', so numbers become visible in their order: who has
-- read up to one misses none below it.
CREATE SEQUENCE idp.withdrawal_events AS bigint;
CREATE INDEX withdrawals_to_remind ON idp.withdrawals (remind_at) WHERE remind_at IS NOT NULL;          -- the worker's, by the minute
CREATE INDEX withdrawals_unnumbered ON idp.withdrawals (withdrawn_at) WHERE event_no IS NULL;           -- the worker's, by the second
CREATE INDEX withdrawals_of_client ON idp.withdrawals (client_no, event_no);                            -- an agency's list
CREATE INDEX withdrawals_by_consent ON idp.withdrawals (consent_id);                                    -- an agency's answer
GRANT USAGE ON SEQUENCE idp.withdrawal_events TO gapura_worker;
"""
DOWNGRADE = """
ALTER TABLE idp.withdrawals
  DROP COLUMN kept_at,
  DROP COLUMN remind_at,
  DROP COLUMN event_no;
DROP SEQUENCE idp.withdrawal_events;
DROP INDEX idp.withdrawals_by_consent;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    op.get_bind().exec_driver_sql(DOWNGRADE)
