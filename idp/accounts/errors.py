"""What callers of this folder may catch. No message carries anything of a citizen."""


class AccountsError(Exception):
    """Anything here that is not an answer but a mistake or a gap."""


class NoCitizen(AccountsError):
    """Nobody of ours has this identifier."""


class NoCitizenKey(AccountsError):
    """There is no key for this citizen: never enrolled here, or erased. What was sealed under it is gone."""


class StaleProfile(AccountsError):
    """The profile changed since it was read. Read it again; nothing was written."""
