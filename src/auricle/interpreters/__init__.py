"""Interpreters: what is learnt once to explain a classifier; so far the dictionaries of spectra they speak in.

Conventions: V ``[F, T]`` are magnitudes or log(1 + magnitude) of an STFT, W ``[F, K]`` the columns of a dictionary,
each of norm one, H ``[K, T]`` their codes; components are counted from 0.
"""

from auricle.interpreters.dictionary import Dictionary, joined, load_dictionary
from auricle.interpreters.groups import Grouped, fit_groups
from auricle.interpreters.hearing import component_alone, component_sounds
from auricle.interpreters.learning import learn_dictionary
from auricle.interpreters.online import Learnt, fit_batches
from auricle.interpreters.picture import draw_dictionary
from auricle.interpreters.redundancy import cosines, distinct, fit_distinct
from auricle.interpreters.sparse_nmf import Factors, SparseNMF, codes

__all__ = [
    "Dictionary",
    "Factors",
    "Grouped",
    "Learnt",
    "SparseNMF",
    "codes",
    "component_alone",
    "component_sounds",
    "cosines",
    "distinct",
    "draw_dictionary",
    "fit_batches",
    "fit_distinct",
    "fit_groups",
    "joined",
    "learn_dictionary",
    "load_dictionary",
]
