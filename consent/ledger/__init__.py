"""The proof: a log of salted leaves that tells nobody anything, and in which nothing can be changed or dropped
unseen.

A leaf is inserted in the transaction of the act; one sequencer numbers the leaves, extends the tree (RFC 9162)
and signs a checkpoint in the C2SP form; `verify` recomputes all of it.
"""
