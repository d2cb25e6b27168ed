"""What an interpreter in components has learnt, as a page to see and hear."""

from auricle.report.interpreters.page import interpreter_page, write_page

__all__ = ["interpreter_page", "write_page"]
