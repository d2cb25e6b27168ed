"""What a model is and what can be asked of it: facts, a self-test, and which methods explain it."""

from auricle.inspection.inspecting import Inspection, inspect

__all__ = ["Inspection", "inspect"]
