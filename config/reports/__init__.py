"""Reports for administrators: tables of a period and city, on a page, as CSV and as PDF. Figures only, nobody's name."""
