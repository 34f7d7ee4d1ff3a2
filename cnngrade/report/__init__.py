"""The report on a class: tables and pages."""
