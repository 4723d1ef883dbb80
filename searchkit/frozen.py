"""How is a small record made? ``frozen`` makes one of a class of annotated names, as a frozen dataclass would be.

A dataclass writes and compiles its methods when it is defined, half a millisecond each, and the program has
dozens of them to define before it can answer. The methods here are closures, which cost nothing to make. A record
that ``dataclasses`` has to look into (``replace``, ``asdict``) stays a dataclass.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar, dataclass_transform

C = TypeVar("C")
# For an ``__init__`` of its own, which a class has of which every query makes records: it is quicker.
put = object.__setattr__


@dataclass_transform(frozen_default=True)
def frozen(cls: type[C]) -> type[C]:
    """``cls`` with slots for its annotated names, the values of its body as their defaults.

    Records of one class are equal where all their values are, save a ``column``: where something stood in a text
    does not make it another thing. Raises TypeError, as a function would, where a record is made with a value too
    few or too many.
    """
    names = tuple(cls.__annotations__)
    defaults = {name: cls.__dict__[name] for name in names if name in cls.__dict__}
    left_out = {*names, "__dict__", "__weakref__"}
    body = {name: value for name, value in cls.__dict__.items() if name not in left_out}
    body |= {"__slots__": names, "__match_args__": names, "__qualname__": cls.__qualname__}
    made: type[C] = type(cls.__name__, cls.__bases__, body)
    for name, method in _methods(made, names, defaults).items():
        if name not in body:
            setattr(made, name, method)
    # Last, since it refuses every change of an instance but none of the class.
    return made


def setters_of(cls: type[Any]) -> tuple[Callable[[Any, Any], None], ...]:
    """What puts a value into each slot of a record, in their order: for an ``__init__`` that has to be quick."""
    return tuple([cls.__dict__[name].__set__ for name in cls.__slots__])


def _methods(cls: type[Any], names: tuple[str, ...], defaults: dict[str, object]) -> dict[str, Callable[..., Any]]:
    setters = setters_of(cls)
    count = len(names)

    def init(self: object, *values: object, **named: object) -> None:
        if named or len(values) != count:
            values = _bound(cls.__name__, names, defaults, values, named)
        for put, value in zip(setters, values, strict=True):
            put(self, value)

    def of(self: object) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in names])

    compared = tuple([name for name in names if name != "column"])

    def told_by(self: object) -> tuple[object, ...]:
        return tuple([getattr(self, name) for name in compared])

    def is_equal(self: object, other: object) -> bool:
        return told_by(self) == told_by(other) if other.__class__ is self.__class__ else NotImplemented

    def as_hash(self: object) -> int:
        return hash(told_by(self))

    def as_text(self: object) -> str:
        inside = ", ".join(f"{name}={value!r}" for name, value in zip(names, of(self), strict=True))
        return f"{cls.__qualname__}({inside})"

    def refuse(self: object, name: str, value: object = None) -> NoReturn:
        raise AttributeError(f"a {cls.__name__} is never changed: {name}")

    def reduced(self: object) -> tuple[object, ...]:
        return cls, of(self)

    return {
        "__init__": init,
        "__eq__": is_equal,
        "__hash__": as_hash,
        "__repr__": as_text,
        "__setattr__": refuse,
        "__delattr__": refuse,
        "__reduce__": reduced,
    }


def _bound(
    who: str,
    names: tuple[str, ...],
    defaults: dict[str, object],
    values: tuple[object, ...],
    named: dict[str, object],
) -> tuple[object, ...]:
    """The values of a record in their order, as a function of these names would take them."""
    rest = names[len(values) :]
    if len(values) <= len(names) and named.keys() <= set(rest):
        try:
            return values + tuple([named[name] if name in named else defaults[name] for name in rest])
        except KeyError as error:
            lacking = [name for name in rest if name not in named and name not in defaults]
            raise TypeError(f"{who} lacks {', '.join(lacking)}") from error
    if len(values) > len(names):
        raise TypeError(f"{who} takes {len(names)} values, and {len(values)} were given")
    given = dict(zip(names, values, strict=False))
    if twice := given.keys() & named:
        raise TypeError(f"{who} was given {', '.join(sorted(twice))} twice")
    unknown = named.keys() - set(names)
    raise TypeError(f"{who} has no {', '.join(sorted(unknown))}")
