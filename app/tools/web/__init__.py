"""Pages of the web, for the model: fetched with bounds, from public addresses alone, as text."""
