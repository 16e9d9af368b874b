"""Describes unexpected exceptions for the user."""


def fault_words(error: BaseException) -> str:
    """Describe the exception in one line, such as "KeyError: 'lion'"."""
    if isinstance(error, MemoryError):
        return "there is not enough memory"
    return " ".join(f"{type(error).__name__}: {error}".split())
