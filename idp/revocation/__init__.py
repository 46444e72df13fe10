"""What ends, with all that must end with it: the table "act → what ends" of docs/reference/what-ends.md, one
module an object of the act.

A truth changes in its own module (`consent/records`, `accounts/sessions`, …); what ends with it is listed here
and nowhere else, in the caller's one transaction.
"""
