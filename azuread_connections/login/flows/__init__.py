"""What a browser is sent to Microsoft for, and what its return leads to: one module a purpose."""
