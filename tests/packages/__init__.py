"""This app in a site that uses another package. Each runs in a process of its own: such a package
patches Django, or needs settings of its own."""
