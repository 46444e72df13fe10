"""Every door of Gapura, in folders named after who uses it. A door parses, asks the parts below, and answers."""
