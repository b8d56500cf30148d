"""Tests of ``azuread_connections.metrics``: ``pytest --ds=tests.metrics.settings tests/metrics``.

tests/packages/test_packages.py runs them with the suite, in a process of their own.
"""
