"""One file a grant, in the same three moves: authenticate, validate, answer."""
