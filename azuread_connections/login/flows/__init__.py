"""What a browser is sent to Microsoft for, and how its callback is finished: a module a purpose."""
