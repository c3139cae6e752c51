"""Control networks: pictures that hold what a model paints to edges, depths, poses and the like."""
