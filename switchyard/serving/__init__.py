"""The endpoint: Open Inference Protocol v2 (REST) over a model repository.

`python -m switchyard.serving --root FOLDER` serves `FOLDER/NAME/VERSION/model.onnx`, any ONNX graph of tensors.
`deploy.deploy` puts a model there and switches it in, `daemon` starts and stops the process, `client` asks it.

What the protocol leaves open, and what is Switchyard's own:

- Shapes are taken literally: a graph's (N, 1) wants `"shape": [rows, 1]`; `data` may be flat or nested just so. At
  least one row. Free first axes without a name must have the same length in all inputs.
- A JSON null is NaN in floating tensors and "" in BYTES, an error elsewhere. Outputs that are not finite are null.
- A request without a version is answered by the active one (`NAME/active`), and by none before one was activated. Of
  each model the active version and one more are in memory.
- `POST /v2/repository/models/NAME/load` takes `{"parameters": {"version": "3", "default": true}}`: which version
  (without it the active one, else the highest), and whether it becomes the active one (without it: if no version was
  named). `unload` takes a version too; without one the model is out until it is loaded again, also after a restart.
- `GET /v2/models/NAME` shows the metadata's task, classes and positive class as `parameters`.
- Bodies are `application/json` (or `application/octet-stream` with binary tensors); other types, an `Origin` header
  (a web page) and bodies over the limit are refused.
- With `--read-only` the highest version of each model answers, for good: `load` and `unload` are refused, and nothing
  is written, as in a container whose models somebody else has put there. One that cannot be loaded ends the server.
- With a token (`SWITCHYARD_TOKEN` or `--token-file`), all but `/v2/health/*` needs `Authorization: Bearer TOKEN`,
  `/metrics` included.
"""
