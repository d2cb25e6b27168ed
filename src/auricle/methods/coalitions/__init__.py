"""The coalition table: which parts of a clip are present, and what the classifier says to that.

Occlusion, LIME, the Shapley family and RISE ask one `Table` about coalitions of components; it answers with the logits
of every class, remembers them, and is shared by all who ask about the same clip, components and baseline.
"""

from __future__ import annotations

from auricle.methods.coalitions.game import SCORES, Game
from auricle.methods.coalitions.table import Table, table
from auricle.methods.coalitions.watching import watching

__all__ = ["SCORES", "Game", "Table", "table", "watching"]
