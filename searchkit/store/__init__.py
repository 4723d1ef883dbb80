"""Where do the bytes live? Segments, kernels, manifest, commit, merge, check."""
