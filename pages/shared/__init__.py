"""What the screens share: the door to the pipeline, filters, charts, components and words."""
