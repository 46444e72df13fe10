"""The doors: one module an address or page. They read, call one part of the house, and answer."""
