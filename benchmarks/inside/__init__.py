"""What runs inside a measured process, in a peer's own environment: Django and the standard
library only."""
