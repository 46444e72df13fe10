"""Claims: what each is called on the wire, which attribute it shows, what a client asked of them, and what
leaves now."""
