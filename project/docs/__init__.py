"""The documentation site: `make docs`.

`python -m project.docs` copies the pages into `.docs/`, ready for the builder (`mkdocs.yml`), and
`python -m project.docs --check-offline` says whether the built site loads anything from another
host. Neither needs Django or the builder.
"""
