"""Citizens: who they are, how they prove it, and where they are signed in.

Personal values are sealed under a key of each citizen's own; what a citizen types is found by keyed digest.
Nothing here knows of HTTP, of clients or of consent. A refusal that must leave a trace (a wrong password, a used
code) is a value.
"""
