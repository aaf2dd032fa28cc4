"""One file a step: what goes in, what comes out, and the calls into `switchyard` between."""
