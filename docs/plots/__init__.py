"""The pictures of docs/layers.md, drawn from what the layers do: `python -m docs.plots` writes all to docs/images."""
