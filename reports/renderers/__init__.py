"""A document as PDF, HTML, or workbook."""
