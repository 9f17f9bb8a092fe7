"""Reading of reports: pages in a process of its own, rows by rules, pictures by a model; what comes out is data."""
