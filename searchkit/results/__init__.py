"""What does the reader see of a hit? Headline, snippet, lit words."""

from searchkit.results.headline import headline
from searchkit.results.hits import Hit, Results, results
from searchkit.results.lighting import Lighting, spans
from searchkit.results.snippets import Snippet, snippet

__all__ = ["Hit", "Lighting", "Results", "Snippet", "headline", "results", "snippet", "spans"]
