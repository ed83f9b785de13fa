"""Power cables as bodies that warm up: layers, surroundings, conductor temperature and the ratings that follow."""
