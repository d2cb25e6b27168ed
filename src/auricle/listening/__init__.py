"""Listening tests: how well do people understand a model by what an explanation lets them hear?

Conventions: ratings are 0 to 100 (ITU-R BS.1534-3, MUSHRA); an item is one page of the test, a condition one sound on
it.
"""

from auricle.listening.analysing import Analysis, Figures, analyse
from auricle.listening.making import Item, ListeningTest, make_test, sources_in
from auricle.listening.page import save_test
from auricle.listening.results import Key, Result, read_key, read_result
from auricle.listening.writing import save_analysis

__all__ = [
    "Analysis",
    "Figures",
    "Item",
    "Key",
    "ListeningTest",
    "Result",
    "analyse",
    "make_test",
    "read_key",
    "read_result",
    "save_analysis",
    "save_test",
    "sources_in",
]
