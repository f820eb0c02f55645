"""So many of something, in words."""


def counted(number: int, noun: str) -> str:
    """A number and its noun, which takes an s unless there is one.

    >>> counted(1, "node"), counted(0, "VM"), counted(1200, "node")
    ('1 node', '0 VMs', '1,200 nodes')
    """
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"
