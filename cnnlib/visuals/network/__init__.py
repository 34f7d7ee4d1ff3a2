"""`explore_network`: the maps of every layer, and the sum behind each number."""
