"""First floor: who may read what about whom, for which purpose, and the proof of it. Knows no HTTP; imports `keys`
alone.

It knows citizens by their UUID and clients by their number. Functions take the session first and the caller
owns the transaction; what must end together with a consent (tokens, signals) is the top floor's to end.
"""
