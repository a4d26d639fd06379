"""Quotes in a loss's text, within which blanks, commas and plus signs are letters like any other.

    masked:mask='my mask, v1+2.png'    named:names='a+b'+c    titled:title="it's"    titled:title='it''s'

A quote opens where a value or an item of a list begins, and ends it; twice within its own kind, it stands for itself.
Anywhere else it is a letter. Unquoted, ``none`` is None where a parameter may be that; quoted, it is text.
"""

from __future__ import annotations

import re

from nstgraph.errors import LossError
from nstgraph.messages import shown

__all__ = ["Bare", "Quoted", "in_quotes", "parted", "quoted", "unquoted", "value_of"]

_QUOTED = r"""'[^']*(?:''[^']*)*'(?!')|"[^"]*(?:""[^"]*)*"(?!")"""

#: A quote opens after one of these, or at the beginning.
_OPENING = r"(?:(?<=[=+,])|\A)"


class Bare(str):
    """A value as it stands in a loss's text, without quotes."""


class Quoted(str):
    """A value, or an item of a list, that was in quotes; without them."""


def parted(text: str, at: str) -> list[str]:
    """The parts of ``text`` between whatever the regular expression ``at`` matches outside quotes."""
    parts, start = [], 0
    for match in re.finditer(rf"{_OPENING}(?:{_QUOTED})|(?P<at>{at})", text):
        if match["at"]:
            parts.append(text[start : match.start()])
            start = match.end()
    return [*parts, text[start:]]


def value_of(text: str) -> Bare | Quoted | tuple[Bare | Quoted, ...]:
    """What a value is, from its text: bare as a whole, one in quotes, or a list of which some items are.

    Raises:
        LossError: a quote is not closed, or something follows one that is.
    """
    items = [_item(part) for part in parted(text, r"\+")]
    if not any(isinstance(item, Quoted) for item in items):
        return Bare(text)
    return items[0] if len(items) == 1 else tuple(items)


def unquoted(text: str) -> str:
    """``text`` as it is, or what stands between its quotes.

    Raises:
        LossError: as for `value_of`.
    """
    return str(_item(text))


def quoted(text: str) -> str:
    """``text`` as a value in a loss's text: in quotes if it needs them."""
    return in_quotes(text) if re.search(r"[\s,+]|(?:\A|=)['\"]", text) else text


def in_quotes(text: str) -> str:
    """``text`` within quotes, of the kind that it has none of, if possible."""
    quote = '"' if "'" in text and '"' not in text else "'"
    return f"{quote}{text.replace(quote, 2 * quote)}{quote}"


def _item(text: str) -> Bare | Quoted:
    quote = text[:1]
    if quote not in ("'", '"'):
        return Bare(text)
    if not re.fullmatch(_QUOTED, text):
        closed = re.match(_QUOTED, text)
        if closed is None:
            how = f"end it with {quote}, or write {2 * quote} for one"
            raise LossError(f"the quote in {shown(text)} is not closed; {how}")
        raise LossError(
            f"{shown(text[closed.end() :])} follows a closing quote in {shown(text)}; write {2 * quote} for one within"
        )
    return Quoted(text[1:-1].replace(2 * quote, quote))
