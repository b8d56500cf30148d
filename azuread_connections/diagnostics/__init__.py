"""Why a connection does not work yet, or no longer."""
