"""This app and its peers on the same work. `make bench`; see docs/benchmarks.md."""
