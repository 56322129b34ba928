"""Filters for lists of jobs, in the language of Google's list methods: `jobId:rnn* AND NOT state:FAILED`.

A term is FIELD OPERATOR VALUE: jobId, kind, state and labels.KEY take `:` and `=` (equal; `*` in the value stands for
any text) and `!=`; createTime, startTime and endTime take `=`, `!=`, `<`, `<=`, `>`, `>=`. Terms are joined with AND,
or by writing one after the other; or with OR; NOT or `-` before a term or a parenthesis turns it round. AND and OR side
by side need parentheses. A field that a job does not have equals nothing: `labels.team:*` means that there is one.
"""

import datetime
import re
from collections.abc import Callable
from typing import NamedTuple, get_args

from boxwright.spec.job import State
from boxwright.store.conditions import TEXTS, TIMES, All, Any, Condition, Like, Not, Time

__all__ = ["Condition", "parse_filter"]

MAX_LENGTH = 2000
"""Characters of a filter."""

MAX_DEPTH = 20
"""Parentheses and NOTs within each other."""

FIELDS = (*TEXTS, *TIMES, "labels.KEY")


def parse_filter(text: str) -> Condition:
    """Read a filter.

    Raises:
        ValueError: it is none; says where and what would be.
    """
    if len(text) > MAX_LENGTH:
        raise ValueError(f"a filter has at most {MAX_LENGTH} characters, got {len(text)}")
    reader = _Reader(text, _tokens(text))
    condition = reader.expression(0)
    if reader.next.kind != "end":
        raise reader.fault("this ) closes nothing")
    return condition


class _Token(NamedTuple):
    kind: str
    text: str
    position: int


_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<operator>!=|<=|>=|[:=<>])
    |(?P<open>\()|(?P<close>\))
    |(?P<quoted>"(?:[^"\\]|\\.)*")
    |(?P<minus>-(?=[A-Za-z(]))
    |(?P<word>[^\s()"=<>!:]+)""",
    re.VERBOSE,
)
# After an operator a word may hold colons, as in 2026-11-22T06:00:00Z.
_VALUE = re.compile(r"""\s*(?:(?P<quoted>"(?:[^"\\]|\\.)*")|(?P<word>[^\s()"]+))""")


def _tokens(text: str) -> list[_Token]:
    found: list[_Token] = []
    position = 0
    while position < len(text):
        after_operator = bool(found) and found[-1].kind == "operator"
        match = (_VALUE.match(text, position) if after_operator else None) or _TOKEN.match(text, position)
        if match is None:
            raise _fault(text, position, "unfinished text" if text[position] == '"' else "not expected here")
        kind = str(match.lastgroup)
        if kind != "space":
            found.append(_Token(kind, match[kind], match.start(kind)))
        position = match.end()
    return [*found, _Token("end", "", len(text))]


def _fault(text: str, position: int, problem: str) -> ValueError:
    near = text[position : position + 20] or "the end"
    return ValueError(
        f"filter: {problem}, at {near!r} (character {position + 1}); a filter is written like "
        'jobId:rnn* AND state:FAILED, or createTime > "2026-11-22"'
    )


class _Reader:
    """Reads tokens by recursive descent."""

    def __init__(self, text: str, tokens: list[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._index = 0

    @property
    def next(self) -> _Token:
        """The token that comes next; the last one is of kind "end"."""
        return self._tokens[self._index]

    def take(self) -> _Token:
        """The next token, which is then behind us."""
        token = self.next
        self._index += 1
        return token

    def fault(self, problem: str, token: _Token | None = None) -> ValueError:
        return _fault(self._text, (token or self.next).position, problem)

    def expression(self, depth: int) -> Condition:
        """Terms joined by AND, or by OR."""
        if depth > MAX_DEPTH:
            raise self.fault(f"more than {MAX_DEPTH} levels of parentheses and NOT")
        conditions = [self.term(depth)]
        joint = ""
        while self.next.kind not in ("end", "close"):
            word = self.take().text if self.next.text in ("AND", "OR") else "AND"
            if joint not in ("", word):
                raise self.fault("AND and OR side by side need parentheses")
            joint = word
            conditions.append(self.term(depth))
        if len(conditions) == 1:
            return conditions[0]
        return Any(tuple(conditions)) if joint == "OR" else All(tuple(conditions))

    def term(self, depth: int) -> Condition:
        """One comparison, or a parenthesis, or the opposite of one."""
        token = self.take()
        if token.kind == "minus" or token.text == "NOT":
            if depth >= MAX_DEPTH:
                raise self.fault(f"more than {MAX_DEPTH} levels of parentheses and NOT")
            return Not(self.term(depth + 1))
        if token.kind == "open":
            condition = self.expression(depth + 1)
            if self.take().kind != "close":
                raise self.fault("this ( is not closed", token)
            return condition
        if token.kind != "word":
            raise self.fault(f"expected one of {', '.join(FIELDS)}", token)
        return self.comparison(token)

    def comparison(self, field: _Token) -> Condition:
        """FIELD OPERATOR VALUE."""
        operator = self.take()
        if operator.kind != "operator":
            raise self.fault(f"expected an operator such as : or = after {field.text}", operator)
        value = self.take()
        if value.kind not in ("word", "quoted"):
            raise self.fault(f"expected a value after {field.text}{operator.text}", value)
        text = re.sub(r"\\(.)", r"\1", value.text[1:-1]) if value.kind == "quoted" else value.text
        try:
            return _term(field.text)(field.text, operator.text, text)
        except ValueError as error:
            raise self.fault(str(error), field) from error


def _term(field: str) -> Callable[[str, str, str], Condition]:
    if field in TIMES:
        return _time
    if field in TEXTS or re.fullmatch(r"labels\.[a-z][a-z0-9_-]*", field):
        return _like
    raise ValueError(f"no such field {field}, expected one of {', '.join(FIELDS)}")


def _like(field: str, operator: str, text: str) -> Condition:
    if operator not in (":", "=", "!="):
        raise ValueError(f"{field} takes the operators :, = and !=, got {operator}")
    if field == "state":
        text = text.upper()
        if "*" not in text and text not in get_args(State):
            raise ValueError(f"state is one of {', '.join(get_args(State))}, got {text}")
    return Not(Like(field, text)) if operator == "!=" else Like(field, text)


def _time(field: str, operator: str, text: str) -> Condition:
    if operator == ":":
        raise ValueError(f"{field} takes the operators =, !=, <, <=, > and >=, got :")
    try:
        when = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise ValueError(f"a time is written like 2026-11-22T06:28:57Z or 2026-11-22, got {text}") from error
    seconds = (when if when.tzinfo else when.replace(tzinfo=datetime.UTC)).timestamp()
    return Not(Time(field, "=", seconds)) if operator == "!=" else Time(field, operator, seconds)
