"""What training needs, whatever is trained: the loop, the device, files of weights."""
