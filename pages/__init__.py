"""The screens: one thin file each. What they share lives in `pages.shared`."""
