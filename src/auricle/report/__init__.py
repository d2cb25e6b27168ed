"""What a person sees and hears of an explanation: a plot, a page, a folder of files."""

from auricle.report.page import Entry, compare_page, fragment, index_page, page
from auricle.report.plot import compare_plot, plot
from auricle.report.save import save

__all__ = ["Entry", "compare_page", "compare_plot", "fragment", "index_page", "page", "plot", "save"]
