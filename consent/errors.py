"""What callers of this floor may catch. A refusal that must leave a trace is a value instead (see `records`)."""


class ConsentError(Exception):
    """Something was asked of the consent floor that it cannot do; the text is for a log, never for a page."""


class NoSuchAgreement(ConsentError):
    """The agreement does not exist, or is not in the state that the step needs."""


class NoSuchNotice(ConsentError):
    """No notice has this number."""


class NoSuchPurpose(ConsentError):
    """No purpose in force has this code or number."""


class NoSuchAttribute(ConsentError):
    """No attribute in force has this name or number."""


class NotAgreed(ConsentError):
    """A giving goes beyond its agreement: another attribute, or one on law as if it were consented."""


class BadAgreement(ConsentError):
    """A proposal that could never be approved, in one sentence that its author can act on."""
