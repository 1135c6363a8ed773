"""The lake: versioned tables in a folder or a bucket, a release that names the version of each, one writer at a time."""
