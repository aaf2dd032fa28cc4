"""The report: the page, its charts and templates, and the model card."""
