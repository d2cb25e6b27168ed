"""Pictures and the static site of a study: what its store holds, to be seen, heard and sorted."""
