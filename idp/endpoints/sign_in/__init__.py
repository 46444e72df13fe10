"""The screens between a request and a code: they know only the handle that they return to."""
