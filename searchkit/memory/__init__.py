"""How is a tree answered without an index? Slowly and obviously."""

from searchkit.memory.engine import MemoryEngine

__all__ = ["MemoryEngine"]
