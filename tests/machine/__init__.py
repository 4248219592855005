"""Not for import: a folder to put on PYTHONPATH, so that every Python which starts runs `sitecustomize`."""
