"""Under which name a module is called.

A module that stands in several places of a model has several names. Which one a call
goes by follows from the call that it stands in, and from the attribute through which
the code reached the module. A call that was reached by a loop (as in a Sequential)
goes by the next of its names.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from torch import nn


@dataclass(slots=True)
class Frame:
    """A call of a module that has not come to its end."""

    name: str
    module: nn.Module
    reached: dict[int, list[tuple[nn.Module, str]]] = field(default_factory=dict)
    """How the code reached modules, newest last: (parent, attribute), by id."""
    looped: dict[int, int] = field(default_factory=dict)
    """Calls so far of modules that were reached by a loop, by id."""


class _Attributes(dict[str, nn.Module | None]):
    """Submodules of one module; it tells which of them the code asks for."""

    asked: Callable[[str, nn.Module], None]

    def __getitem__(self, key: str) -> nn.Module | None:
        module = super().__getitem__(key)
        if module is not None:
            self.asked(key, module)
        return module


class Names:
    """The names of the modules of `model`, and which of them a call goes by."""

    def __init__(self, model: nn.Module) -> None:
        self.frames: list[Frame] = []
        """The calls that have not come to their end, outermost first."""
        self._all: dict[int, list[str]] = {}
        for name, module in model.named_modules(remove_duplicate=False):
            self._all.setdefault(id(module), []).append(name)
        self.taken = {name for names in self._all.values() for name in names}
        self._shared = any(len(names) > 1 for names in self._all.values())

    @contextmanager
    def watching(self, model: nn.Module) -> Iterator[None]:
        """See through which attributes the code reaches modules that are shared."""
        modules = list(model.modules()) if self._shared else []
        before = [module._modules for module in modules]
        for module in modules:
            watched = _Attributes(module._modules)
            watched.asked = self._reached_from(module)
            module._modules = watched
        try:
            yield
        finally:
            for module, attributes in zip(modules, before, strict=True):
                module._modules = attributes

    def _reached_from(self, parent: nn.Module) -> Callable[[str, nn.Module], None]:
        def asked(key: str, module: nn.Module) -> None:
            if self.frames:
                reached = self.frames[-1].reached
                reached.setdefault(id(module), []).append((parent, key))

        return asked

    @contextmanager
    def call(self, module: nn.Module) -> Iterator[str]:
        """Open a call of `module`; gives its name."""
        name = self._name(module)
        self.frames.append(Frame(name, module))
        try:
            yield name
        finally:
            self.frames.pop()

    def _name(self, module: nn.Module) -> str:
        names = self._all.get(id(module)) or [type(module).__name__]
        if len(names) == 1:
            return names[0]
        name = self._reached(module, last=True)
        return self._next_of(module, names) if name is None else name

    def _reached(self, module: nn.Module, *, last: bool) -> str | None:
        """Name by the attribute that led to the module in the innermost call.

        With `last` the module is called: in ``self.b(self.a(x))`` b is reached before
        a, but called after it, so that the newest mark is used up.
        """
        ways = self.frames[-1].reached.get(id(module)) if self.frames else None
        if not ways:
            return None
        parent, key = ways.pop() if last and len(ways) > 1 else ways[-1]
        for frame in reversed(self.frames):
            if frame.module is parent:
                return f"{frame.name}.{key}".lstrip(".")
        names = self._all.get(id(parent), [])
        path = names[0] if len(names) == 1 else self._reached(parent, last=False)
        return None if path is None else f"{path}.{key}"

    def _next_of(self, module: nn.Module, names: list[str]) -> str:
        """Name of a module that a loop has reached: the next of those it can have."""
        for frame in reversed(self.frames):
            start = f"{frame.name}." if frame.name else ""
            inside = [name for name in names if name.startswith(start)]
            if inside:
                fewest = min(name.count(".") for name in inside)
                nearest = [name for name in inside if name.count(".") == fewest]
                number = frame.looped.get(id(module), 0)
                frame.looped[id(module)] = number + 1
                return nearest[number % len(nearest)]
        return names[0]
