"""The stand-in's directories: people, groups, registered apps."""
