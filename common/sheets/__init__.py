"""Tables that people open in spreadsheets, and tables that they send us from there: CSV and XLSX."""
