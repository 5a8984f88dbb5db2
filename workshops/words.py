"""Words: enum members that carry their French label."""

from enum import StrEnum


def N_(sentence: str) -> str:
    """Mark a French sentence for extraction; whoever shows it translates it."""
    return sentence


class Word(StrEnum):
    """A member is its English code; `label` is what a person reads."""

    label: str

    def __new__(cls, code: str, label: str = "") -> "Word":
        word = str.__new__(cls, code)
        word._value_ = code
        word.label = label
        return word
