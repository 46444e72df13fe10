"""A country in miniature, for demo and sandbox only: agencies, applications, ten citizens and an inbox to read
along.

Nothing here is imported in production (tests/faults): a secret, person or shortcut of the demo cannot wake up
there.
"""
