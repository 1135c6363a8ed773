"""What serves the screens: their first visitor, packed files, downloads that wait, the release that is shown."""
