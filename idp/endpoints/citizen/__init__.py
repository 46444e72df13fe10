"""A citizen's own pages: what they allowed, who looked, what they were told, and what stands about them here."""
