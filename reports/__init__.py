"""Reads a run folder and writes what a reader gets: PDF, HTML, figures, tables. Never simulates."""

from reports.write import write_certificate, write_comparison, write_report, write_sections

__all__ = ["write_certificate", "write_comparison", "write_report", "write_sections"]
