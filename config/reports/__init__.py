"""Reports for administrators: tables of a period and city, on a page, as CSV and PDF. Figures, and nobody's name."""
