"""One module a subject of the command `gapura`: it adds its parsers and answers with a value."""
