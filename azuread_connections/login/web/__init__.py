"""HTTP in, HTTP out: views, buttons, the error page. It decides nothing."""
