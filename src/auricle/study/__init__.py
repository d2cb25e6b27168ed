"""A whole data set explained, sonified and evaluated from one config, resumable at any moment."""
