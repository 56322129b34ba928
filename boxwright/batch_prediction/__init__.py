"""Finding objects in any number of pictures: shards of results that survive whatever interrupts the work."""
