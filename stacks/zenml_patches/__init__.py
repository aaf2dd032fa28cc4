"""Everything that replaces something inside ZenML. All of it was seen in ZenML 0.98.0; each file gives its reason.

| file | replaces | reason |
|---|---|---|
| startup.py | `integration_registry.activate_integrations` | imports every installed integration at each start |
| startup.py | `Environment.get_python_packages` | runs `pip freeze` in a subprocess, twice per run |
| intact_cache.py | `cache_utils.get_cached_step_run` | serves steps whose artifacts have been deleted |
| requests.py | `RestZenStore._request` | retries for ten minutes after a crash of the server |
| code_archive.py | `CodeArchive.get_files`, `_get_all_files` | uploads `.env` and `.venv` where git does not answer |
| dashboard_survey.py | the dashboard's first page | demands a name and a mail address before it shows a run |
"""
