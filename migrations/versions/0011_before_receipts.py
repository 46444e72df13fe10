"""The signatures of receipts, one for each act of consent. Before the release.

The release before does not know the table: acts that it records meanwhile have no receipt until the citizen asks for one.
"""

from alembic import op

revision = "0011"
down_revision = "0010"

UPGRADE = """
-- The signed receipt of an act (standards: ISO/IEC TS 27560), without its text: that is made again from the record, as its commitment is,
-- and an erasure of the record leaves nothing of it here. Writer: consent/receipts. Life: inserted with the act and not signed yet; signed
-- once by the worker, who alone has the key, and never changed after (trigger); gone when its record is erased (trigger). Kept as records are.
CREATE TABLE consent.receipts (
  citizen_id uuid        NOT NULL,
  record_id  uuid        NOT NULL,          -- consent.records
  receipt_id uuid        NOT NULL DEFAULT uuidv7(),
  log        text,                          -- the origin of the log that it promises its record's leaf to
  kid        text,                          -- the key of role `receipts` that signed it
  signed_at  timestamptz,                   -- the promise of 24 hours counts from here
  signature  bytea,                         -- of the JWS (RFC 7515); ES256 is not the same twice, so it is kept
  unfit_at   timestamptz,                   -- set instead: the record no longer says what was committed to, and nobody signs that
  CONSTRAINT receipts_pkey PRIMARY KEY (citizen_id, record_id),
  CONSTRAINT receipts_whole CHECK (num_nulls(log, kid, signed_at, signature) IN (0, 4)),
  CONSTRAINT receipts_signed_or_unfit CHECK (signature IS NULL OR unfit_at IS NULL)
);
CREATE INDEX receipts_waiting ON consent.receipts (receipt_id) WHERE signature IS NULL AND unfit_at IS NULL;   -- what the worker signs next
CREATE FUNCTION consent.sign_receipt_once() RETURNS trigger
LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'consent.receipts: a receipt is signed once' USING ERRCODE = 'restrict_violation';
END $$;
CREATE TRIGGER receipts_signed_once BEFORE UPDATE ON consent.receipts
  FOR EACH ROW WHEN (OLD.signature IS NOT NULL) EXECUTE FUNCTION consent.sign_receipt_once();
CREATE FUNCTION consent.delete_receipt() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM consent.receipts WHERE citizen_id = NEW.citizen_id AND record_id = NEW.record_id;
  RETURN NULL;
END $$;
CREATE TRIGGER records_receipt_gone AFTER UPDATE OF erased_at ON consent.records
  FOR EACH ROW WHEN (NEW.erased_at IS NOT NULL) EXECUTE FUNCTION consent.delete_receipt();
GRANT SELECT ON consent.receipts TO gapura_web;
GRANT INSERT (citizen_id, record_id) ON consent.receipts TO gapura_web;
GRANT UPDATE (log, kid, signed_at, signature, unfit_at) ON consent.receipts TO gapura_worker;
"""


def upgrade() -> None:
    op.get_bind().exec_driver_sql(UPGRADE)


def downgrade() -> None:
    """What was signed is lost; the acts are not."""
    op.get_bind().exec_driver_sql(
        """
DROP TRIGGER records_receipt_gone ON consent.records;
DROP FUNCTION consent.delete_receipt();
DROP TABLE consent.receipts;
DROP FUNCTION consent.sign_receipt_once();
"""
    )
