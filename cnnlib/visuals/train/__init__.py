"""`train_here`: a small net, built by the reader, that learns in the page itself."""
