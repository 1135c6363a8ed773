"""From files to a release: what a load does, what it makes stale, and everything computed anew."""
