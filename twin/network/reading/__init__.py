"""A pandapower net as it is read: what is supported, what is possible, what of it the engine keeps."""
