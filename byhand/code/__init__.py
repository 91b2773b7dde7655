"""A lesson goes in, a script comes out: numpy or PyTorch, a line for each table, without byhand."""
