"""Which pages there are."""

from tests.reference import Page, asked, doors, operated

PAGES: dict[str, Page] = {
    "settings.md": operated.settings,
    "commands.md": operated.commands,
    "metrics.md": operated.metrics,
    "addresses.md": doors.addresses,
    "errors.md": doors.errors,
    "claims.md": asked.claims,
    "purposes.md": asked.purposes,
    "client-metadata.md": asked.client_metadata,
}
