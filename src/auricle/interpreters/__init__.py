"""Interpreters: networks that are trained once to explain a classifier, and the dictionaries of spectra they speak in.

Conventions: V ``[F, T]`` are magnitudes or log(1 + magnitude) of an STFT, W ``[F, K]`` the columns of a dictionary,
each of norm one, H ``[K, T]`` their codes; components are counted from 0. Masks ``[B, F, T]`` are 0 to 1.
"""

from auricle.interpreters.base import Interpreter, Subject, subject_of
from auricle.interpreters.dictionary import Dictionary, joined, load_dictionary
from auricle.interpreters.fitting import fit
from auricle.interpreters.flint import FLINT
from auricle.interpreters.groups import Grouped, fit_groups
from auricle.interpreters.heard import Heard, hear
from auricle.interpreters.hearing import component_alone, component_sounds
from auricle.interpreters.judging import Judged, judge
from auricle.interpreters.l2i import L2I
from auricle.interpreters.learning import learn_dictionary
from auricle.interpreters.lmac import LMAC
from auricle.interpreters.online import Learnt, fit_batches
from auricle.interpreters.opening import kinds, load_interpreter
from auricle.interpreters.picture import draw_dictionary
from auricle.interpreters.redundancy import cosines, distinct, fit_distinct
from auricle.interpreters.saliency import AmortisedMask
from auricle.interpreters.sparse_nmf import Factors, SparseNMF, codes

__all__ = [
    "FLINT",
    "L2I",
    "LMAC",
    "AmortisedMask",
    "Dictionary",
    "Factors",
    "Grouped",
    "Heard",
    "Interpreter",
    "Judged",
    "Learnt",
    "SparseNMF",
    "Subject",
    "codes",
    "component_alone",
    "component_sounds",
    "cosines",
    "distinct",
    "draw_dictionary",
    "fit",
    "fit_batches",
    "fit_distinct",
    "fit_groups",
    "hear",
    "joined",
    "judge",
    "kinds",
    "learn_dictionary",
    "load_dictionary",
    "load_interpreter",
    "subject_of",
]
