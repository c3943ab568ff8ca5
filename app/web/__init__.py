"""HTTP: thin views and forms, headers, limits, error pages and templates."""
