"""Optional: metrics for Prometheus. Needs the extra ``metrics`` (prometheus_client).

Only this package imports prometheus_client, and nothing else imports this package: it listens to
signals. See docs/metrics.md.
"""
