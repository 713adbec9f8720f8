"""Objects of the classes of the state, with some fields set."""

from typing import TypeVar

C = TypeVar("C")


def made(cls: type[C], **fields: object) -> C:
    """An object with these fields, which the class must declare; all others have their defaults, if any."""
    new = cls()
    for name, value in fields.items():
        setattr(new, name, value)
    return new
