"""The endpoint: Open Inference Protocol v2 (REST) over a model repository.

`python -m switchyard.serving --root FOLDER` serves `FOLDER/NAME/VERSION/model.onnx`, any ONNX graph of tensors.
`local.deploy` puts a model there and activates it, `local.daemon` starts and stops the process, `protocol.client` talks
to it. Its options are declared in `switchyard.config.server_options`.

What the protocol leaves open, and what is Switchyard's own:

- Shapes are taken literally: a graph's (N, 1) requires `"shape": [rows, 1]`; `data` may be flat or nested accordingly.
  At least one row. Free first axes without a name must have the same length in all inputs.
- A JSON null is NaN in floating tensors and "" in BYTES, an error elsewhere. Outputs that are not finite are null.
- The active version (`NAME/active`) answers requests that name none; before one is activated, none does. The active
  version of each model and one more are kept in memory.
- `POST /v2/repository/models/NAME/load` takes `{"parameters": {"version": "3", "default": true}}`: the
  version (by default the active one, else the highest), and whether it becomes the active one (by default, if no
  version was named). `unload` takes a version too; without one the model stays unloaded, even after a restart, until it
  is loaded again.
- `GET /v2/models/NAME` shows the metadata's task, classes and positive class as `parameters`.
- Bodies are `application/json` (or `application/octet-stream` with binary tensors); other types, an `Origin` header
  (a web page) and bodies over the limit are refused.
- With `--read-only` the highest version of each model answers: `load` and `unload` are refused, and nothing is written,
  as in a container whose models come from elsewhere. The server ends if it cannot load one of them.
- With a token (`SWITCHYARD_TOKEN` or `--token-file`), everything but `/v2/health/*` requires
  `Authorization: Bearer TOKEN`, including `/metrics`.
"""
