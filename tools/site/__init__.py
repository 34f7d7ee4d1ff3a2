"""The site: lessons, errata and the API as pages to read."""
