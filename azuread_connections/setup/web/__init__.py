"""The pages that a set-up link opens."""
