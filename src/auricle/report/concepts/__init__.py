"""Concepts to see and hear: the page of a clip, and a site of all classes with their concepts."""

from auricle.report.concepts.clip_page import concept_page
from auricle.report.concepts.figure import concept_plot
from auricle.report.concepts.save import save_concepts
from auricle.report.concepts.site import write_site

__all__ = ["concept_page", "concept_plot", "save_concepts", "write_site"]
