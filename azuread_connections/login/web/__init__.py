"""Views, buttons and the error page. They decide nothing: see ``flows``."""
