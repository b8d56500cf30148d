"""This app in a site that uses another package. Each runs in a separate process, because such a
package patches Django or needs other settings."""
