"""`decision.decide` in SQL, for the statement that answers "may I?": a test compares the two over every row of the
table that `decide` is tested by.

A clause that is lent. It stands after two CTEs of the caller's: `look`, one row for each citizen, application and
purpose that is asked about, and `asked`, one row for each attribute of it.

    look   citizen_id client_no purpose_no application_open account_known account_open purpose_known agreed ial
           consent_id attribute_nos expires_at paused_at withdrawn_at   (null where no consent was ever given)
           law_reason: on which basis the agreement's attributes by law need no consent
    asked  attribute_no, least_ial, held_elsewhere: another agency holds it, by_law: it is one of those by law

The caller's `verdict` then has, for each attribute asked: place, look_no, attribute_no, reason, by_law (the reason
is that of the law), and of its look citizen_id, client_no, purpose_no, account_known, statute_no, decision_id,
consent_id, expires_at.

`held_elsewhere` is asked first, and somebody without an account is like one who was never asked: neither answer
tells whether there is such a citizen.
"""

REASON = """
(CASE WHEN asked.held_elsewhere THEN 'agreement_missing'
      WHEN NOT look.application_open THEN 'application_suspended'
      WHEN look.account_known AND NOT look.account_open THEN 'account_closed'
      WHEN NOT look.purpose_known THEN 'purpose_unknown'
      WHEN NOT look.agreed THEN 'agreement_missing'
      WHEN look.account_known AND asked.by_law
        THEN CASE WHEN look.ial >= asked.least_ial THEN look.law_reason ELSE 'step_up_required' END
      WHEN look.consent_id IS NULL
        THEN CASE WHEN EXISTS (SELECT FROM consent.records AS r
                                WHERE r.citizen_id = look.citizen_id AND r.client_no = look.client_no
                                  AND r.purpose_no = look.purpose_no AND r.act = 'refused')
                  THEN 'refused' ELSE 'not_asked_yet' END
      WHEN look.withdrawn_at = look.expires_at THEN 'expired'
      WHEN look.withdrawn_at IS NOT NULL THEN 'withdrawn'
      WHEN look.paused_at IS NOT NULL THEN 'paused'
      WHEN look.expires_at <= coalesce(%(now)s::timestamptz, now()) THEN 'expired'
      WHEN asked.attribute_no = ANY (look.attribute_nos)
        THEN CASE WHEN look.ial >= asked.least_ial THEN 'consent_given' ELSE 'step_up_required' END
      WHEN EXISTS (SELECT FROM consent.records AS r
                    WHERE r.citizen_id = look.citizen_id AND r.client_no = look.client_no
                      AND r.purpose_no = look.purpose_no AND asked.attribute_no = ANY (r.attribute_nos))
        THEN 'withdrawn'
      ELSE 'not_in_consent' END)::consent.reason"""
