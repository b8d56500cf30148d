"""Write the pages of docs/reference/ from the code.

`python -m project.reference` writes them; with `--check` it writes nothing, and exits with 1 if a
page is out of date. The commands of the optional sub-apps need further packages and settings:
`.venv-provider/bin/python -m project.reference --sub-apps` writes their page.
"""
