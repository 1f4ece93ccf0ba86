"""What carepath does in the outside world, one file for each thing; workflows know only names and models."""
