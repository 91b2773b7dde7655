"""A model as a graph of 2-D tables: operations, their gradients, and the arithmetics that read their cells."""
