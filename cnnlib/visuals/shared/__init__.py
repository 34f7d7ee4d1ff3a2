"""What two or more of the visuals stand on: the page, the bridge, the script."""
